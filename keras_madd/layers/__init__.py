"""The parts of the method as Keras layers, in the paper's form and in the released code's."""

from keras_madd.layers.attention_guided_augmentation import (
    AttentionGuidedAugmentation,
    OfficialAttentionGuidedAugmentation,
)
from keras_madd.layers.attention_maps import AttentionMaps
from keras_madd.layers.batch_normalization import BatchNormalization
from keras_madd.layers.bilinear_attention_pooling import BilinearAttentionPooling
from keras_madd.layers.classifier_head import ClassifierHead
from keras_madd.layers.deepfakebench_head import DeepfakeBenchHead
from keras_madd.layers.deepfakebench_texture_enhancement import DeepfakeBenchTextureEnhancement
from keras_madd.layers.frequency_decomposition import FrequencyDecomposition
from keras_madd.layers.grouped_conv import GroupedConv2D
from keras_madd.layers.laplacian_of_gaussian import LaplacianOfGaussian
from keras_madd.layers.local_frequency_statistics import LocalFrequencyStatistics
from keras_madd.layers.mix_block import MixBlock
from keras_madd.layers.official_attention_maps import OfficialAttentionMaps
from keras_madd.layers.official_head import OfficialHead
from keras_madd.layers.official_region_independence import OfficialRegionIndependence
from keras_madd.layers.official_texture_enhancement import OfficialTextureEnhancement
from keras_madd.layers.portable_dropout import PortableDropout
from keras_madd.layers.real_centre import RealCentre
from keras_madd.layers.region_dropout import RegionDropout
from keras_madd.layers.region_independence import RegionIndependence
from keras_madd.layers.residual_convolution import ResidualConvolution
from keras_madd.layers.sample_variance_batch_normalization import (
    SampleVarianceBatchNormalization,
)
from keras_madd.layers.spatial_standardization import SpatialStandardization
from keras_madd.layers.texture_enhancement import TextureEnhancement

__all__ = [
    "AttentionGuidedAugmentation",
    "AttentionMaps",
    "BatchNormalization",
    "BilinearAttentionPooling",
    "ClassifierHead",
    "DeepfakeBenchHead",
    "DeepfakeBenchTextureEnhancement",
    "FrequencyDecomposition",
    "GroupedConv2D",
    "LaplacianOfGaussian",
    "LocalFrequencyStatistics",
    "MixBlock",
    "OfficialAttentionGuidedAugmentation",
    "OfficialAttentionMaps",
    "OfficialHead",
    "OfficialRegionIndependence",
    "OfficialTextureEnhancement",
    "PortableDropout",
    "RealCentre",
    "RegionDropout",
    "RegionIndependence",
    "ResidualConvolution",
    "SampleVarianceBatchNormalization",
    "SpatialStandardization",
    "TextureEnhancement",
]
