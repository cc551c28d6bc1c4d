package org.kerasmadd.core

import java.io.File
import java.nio.ByteBuffer
import java.util.Random
import javax.imageio.ImageIO
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.double
import kotlinx.serialization.json.doubleOrNull
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** The vectors that Python wrote. */
object Golden {
    private val folder = File(System.getProperty("golden.folder") ?: "../../tests/golden")

    fun json(name: String): JsonElement = Json.parseToJsonElement(File(folder, name).readText())

    fun picture(name: String): Picture = Picture.read(File(folder, "crops/$name.png"))

    val crops: List<CropCase> by lazy {
        val pictures = HashMap<String, Picture>()
        json("crops/crops.json").jsonArray.map {
            val case = it.jsonObject
            val square = case.ints("square")
            CropCase(
                name = case.text("name"),
                picture = pictures.getOrPut(case.text("image")) { picture(case.text("image")) },
                box = case.box("box"),
                margin = case.number("margin"),
                size = case.int("size"),
                square = CropSquare(square[0], square[1], square[2]),
                expected = picture(case.text("expected")),
            )
        }
    }
}

class CropCase(
    val name: String,
    val picture: Picture,
    val box: Box,
    val margin: Double,
    val size: Int,
    val square: CropSquare,
    val expected: Picture,
)

fun JsonObject.text(key: String): String = getValue(key).jsonPrimitive.content

fun JsonObject.number(key: String): Double = getValue(key).jsonPrimitive.double

/** Null where there is no such key, or a null. */
fun JsonObject.numberOrNull(key: String): Double? = get(key)?.jsonPrimitive?.doubleOrNull

fun JsonObject.int(key: String): Int = getValue(key).jsonPrimitive.int

fun JsonObject.truth(key: String): Boolean = getValue(key).jsonPrimitive.boolean

fun JsonObject.list(key: String): JsonArray = getValue(key).jsonArray

fun JsonObject.ints(key: String): List<Int> = list(key).map { it.jsonPrimitive.int }

fun JsonObject.numbers(key: String): List<Double> = list(key).map { it.jsonPrimitive.double }

fun JsonObject.box(key: String): Box = ints(key).toBox()

fun List<Int>.toBox() = Box(this[0], this[1], this[2], this[3])

/** Red, green and blue of all pixels, without alpha. */
fun ByteBuffer.rgb() = ByteArray(3 * (capacity() / 4)) { get(it / 3 * 4 + it % 3) }

/** An upright picture in tight RGB bytes. */
class Picture(val width: Int, val height: Int, val rgb: ByteArray) {
    /** Returns the pixel's three values; black outside. */
    fun at(x: Int, y: Int): IntArray {
        if (x !in 0 until width || y !in 0 until height) return IntArray(3)
        return IntArray(3) { rgb[3 * (y * width + x) + it].toInt() and 0xff }
    }

    /**
     * Returns a camera's frame of which this is the upright picture: turned, with noise outside
     * the crop rectangle, in the padding and in alpha.
     */
    fun frame(
        rotation: Int = 0,
        padding: Int = 0,
        border: IntArray = intArrayOf(0, 0, 0, 0),
        direct: Boolean = true,
        random: Random = Random(0),
    ): RgbaFrame {
        val onItsSide = rotation % 180 != 0
        val cropWidth = if (onItsSide) height else width
        val cropHeight = if (onItsSide) width else height
        val (left, top, right, bottom) = border.toList()
        val bufferWidth = left + cropWidth + right
        val bufferHeight = top + cropHeight + bottom
        val stride = 4 * bufferWidth + padding
        // As on Android, the last row ends without its padding.
        val bytes = ByteArray(stride * (bufferHeight - 1) + 4 * bufferWidth).also(random::nextBytes)
        for (v in 0 until height) {
            for (u in 0 until width) {
                val (x, y) = when (rotation) {
                    0 -> u to v
                    90 -> v to cropHeight - 1 - u
                    180 -> cropWidth - 1 - u to cropHeight - 1 - v
                    else -> cropWidth - 1 - v to u
                }
                val target = (top + y) * stride + 4 * (left + x)
                rgb.copyInto(bytes, target, 3 * (v * width + u), 3 * (v * width + u) + 3)
            }
        }
        val buffer =
            if (direct) ByteBuffer.allocateDirect(bytes.size) else ByteBuffer.allocate(bytes.size)
        buffer.put(bytes)
        buffer.position(minOf(7, bytes.size))
        val crop = Box(left, top, cropWidth, cropHeight)
        return RgbaFrame(buffer, stride, FrameGeometry(bufferWidth, bufferHeight, rotation, crop))
    }

    companion object {
        fun read(file: File): Picture {
            val image = checkNotNull(ImageIO.read(file)) { "$file is no picture" }
            val rgb = ByteArray(3 * image.width * image.height)
            for (y in 0 until image.height) {
                for (x in 0 until image.width) {
                    val pixel = image.getRGB(x, y)
                    for (channel in 0..2) {
                        rgb[3 * (y * image.width + x) + channel] = (pixel shr (16 - 8 * channel)).toByte()
                    }
                }
            }
            return Picture(image.width, image.height, rgb)
        }

        fun random(width: Int, height: Int, random: Random) =
            Picture(width, height, ByteArray(3 * width * height).also(random::nextBytes))
    }
}
