import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.android)
}

android {
    namespace = "org.kerasmadd.demo"
    compileSdk = 36

    defaultConfig {
        applicationId = "org.kerasmadd.demo"
        minSdk = 26
        targetSdk = 36
        versionCode = 1
        versionName = "1.0"
        testInstrumentationRunner = "androidx.test.runner.AndroidJUnitRunner"
        ndk {
            // 64-bit phones, and the emulator.
            abiFilters += listOf("arm64-v8a", "x86_64")
        }
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "proguard-rules.pro")
            // For measuring on one's own phone; a shop wants a key of its own.
            signingConfig = signingConfigs.getByName("debug")
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }

    androidResources {
        // Models are mapped into memory, which compressed files cannot be.
        noCompress += "tflite"
    }

    packaging {
        jniLibs {
            // Uncompressed and page-aligned, for phones with 16 kB pages.
            useLegacyPackaging = false
        }
    }

    lint {
        warningsAsErrors = false
        abortOnError = true
        error += listOf("HardcodedText", "MissingTranslation", "ContentDescription")
        sarifReport = true
    }
}

// No toolchain: whatever JDK 17 or newer runs Gradle, such as Android Studio's own, compiles the app.
kotlin {
    compilerOptions {
        jvmTarget = JvmTarget.JVM_17
    }
}

/** Takes the face detectors from the Python package, so that there is one copy of them. */
abstract class CopyFaceModels : DefaultTask() {
    @get:InputDirectory
    @get:PathSensitive(PathSensitivity.NAME_ONLY)
    abstract val from: DirectoryProperty

    @get:Input
    abstract val names: ListProperty<String>

    @get:OutputDirectory
    abstract val into: DirectoryProperty

    @get:Inject
    abstract val files: FileSystemOperations

    @TaskAction
    fun copy() {
        files.sync {
            from(this@CopyFaceModels.from) { include(names) }
            into(this@CopyFaceModels.into.dir("faces"))
        }
    }
}

val copyFaceModels = tasks.register<CopyFaceModels>("copyFaceModels") {
    from = rootProject.layout.projectDirectory.dir("../keras_madd/faces/models")
    names = listOf(
        "face_detection_short_range.tflite",
        "face_detection_full_range_sparse.tflite",
        "NOTICE",
    )
}

androidComponents {
    onVariants { variant ->
        variant.sources.assets?.addGeneratedSourceDirectory(copyFaceModels, CopyFaceModels::into)
    }
}

dependencies {
    implementation(project(":core"))
    implementation(libs.androidx.activity)
    implementation(libs.androidx.core)
    implementation(libs.camera.core)
    implementation(libs.camera.camera2)
    implementation(libs.camera.lifecycle)
    implementation(libs.camera.view)
    implementation(libs.litert) {
        // For models that a shop delivers. It brings Play services, WorkManager and Room along, with
        // permissions and components that this app must not have; CompiledModel needs none of it.
        exclude(group = "com.google.android.play")
    }
    implementation(libs.mediapipe.tasks.vision)
    androidTestImplementation(libs.androidx.test.runner)
    androidTestImplementation(libs.junit4)
}
