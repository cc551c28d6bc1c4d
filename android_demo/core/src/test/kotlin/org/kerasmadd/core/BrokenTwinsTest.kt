package org.kerasmadd.core

import java.nio.ByteBuffer
import java.util.Random
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

/** The checks of the other tests, run on programs with a known mistake: each must be caught. */
class BrokenTwinsTest {
    /** Returns the golden crops that a program gets wrong. */
    private fun wrongCrops(crop: (RgbaFrame, Box, Double, Int) -> ByteArray): List<String> {
        val wrong = ArrayList<String>()
        // The plain program is slow: the largest squares are for the fast one's own test.
        for (case in Golden.crops.filter { it.square.side < 100 }) {
            for (rotation in listOf(0, 90)) {
                val frame = case.picture.frame(rotation, padding = 20, border = intArrayOf(2, 1, 0, 3))
                val found = crop(frame, case.box, case.margin, case.size)
                if (!found.contentEquals(case.expected.rgb)) wrong.add("${case.name} $rotation")
            }
        }
        return wrong
    }

    @Test
    fun `programs without a mistake pass`() {
        assertEquals(emptyList<String>(), wrongCrops { frame, box, margin, size ->
            PlainCrop().crop(frame, box, margin, size)
        })
        assertEquals(emptyList<String>(), wrongCrops { frame, box, margin, size ->
            ByteArray(3 * size * size).also { FaceCropper(size).crop(frame, box, margin, it) }
        })
        assertTrue(growing(MonotonicClock(tickingTwice())::next))
        assertTrue(wrongPoints(FrameTransform::uprightToView).isEmpty())
    }

    @ParameterizedTest
    @EnumSource
    fun `the golden crops catch every mistake`(mistake: Mistake) {
        val wrong = wrongCrops { frame, box, margin, size ->
            runCatching { PlainCrop(mistake).crop(frame, box, margin, size) }.getOrDefault(ByteArray(0))
        }
        assertFalse(wrong.isEmpty(), "$mistake passed")
    }

    @Test
    fun `a picture mirrored before the model is caught on the frames of a front camera too`() {
        val picture = Golden.picture("photo")
        val mirrored = Picture(picture.width, picture.height, ByteArray(picture.rgb.size) {
            val x = it / 3 % picture.width
            picture.rgb[it - 3 * x + 3 * (picture.width - 1 - x)]
        })
        val box = Box(30, 24, 21, 24)
        val turned = Box(picture.width - box.right, box.y, box.width, box.height)
        val right = ByteArray(3 * 400)
        val wrong = ByteArray(3 * 400)
        FaceCropper(20).crop(picture.frame(), box, 1.3, right)
        FaceCropper(20).crop(mirrored.frame(), turned, 1.3, wrong)
        assertFalse(right.contentEquals(wrong))
    }

    private fun tickingTwice(): () -> Long {
        val asked = AtomicInteger()
        return { asked.getAndIncrement() / 2L }
    }

    private fun growing(next: () -> Long): Boolean {
        val times = List(20) { next() }
        return times.zipWithNext().all { (before, after) -> after > before }
    }

    @Test
    fun `equal timestamps are caught`() {
        assertFalse(growing(tickingTwice()))
    }

    /** Returns the golden cases in which a transform puts a point somewhere else. */
    private fun wrongPoints(
        uprightToView: (Int, Int, ViewGeometry) -> AffineTransform,
    ): List<String> = Golden.json("transforms.json").jsonArray.map { it.jsonObject }.filter { case ->
        val (width, height) = case.ints("upright_size")
        val (viewWidth, viewHeight) = case.ints("view_size")
        val scale = ScaleMode.valueOf(case.text("scale"))
        val view = ViewGeometry(viewWidth, viewHeight, scale, case.truth("mirrored"))
        val transform = uprightToView(width, height, view)
        case.list("points").map { it.jsonObject }.any { point ->
            val (u, v) = point.numbers("upright")
            val (a, b) = point.numbers("view")
            Math.abs(transform.mapX(u, v) - a) > 1e-6 || Math.abs(transform.mapY(u, v) - b) > 1e-6
        }
    }.map { it.text("name") }

    @Test
    fun `transforms with a mistake are caught`() {
        val broken = mapOf<String, (Int, Int, ViewGeometry) -> AffineTransform>(
            "never mirrored" to { width, height, view ->
                FrameTransform.uprightToView(width, height, view.copy(mirrored = false))
            },
            "mirrored about the picture, not the view" to { width, height, view ->
                val plain = FrameTransform.uprightToView(width, height, view.copy(mirrored = false))
                val flip = AffineTransform(-1.0, 0.0, width.toDouble(), 0.0, 1.0, 0.0)
                if (view.mirrored) plain.then(flip) else plain
            },
            "fill and fit exchanged" to { width, height, view ->
                val other = if (view.scale == ScaleMode.FILL) ScaleMode.FIT else ScaleMode.FILL
                FrameTransform.uprightToView(width, height, view.copy(scale = other))
            },
            "stretched" to { width, height, view ->
                val across = view.width.toDouble() / width
                val down = view.height.toDouble() / height
                AffineTransform(across, 0.0, 0.0, 0.0, down, 0.0)
            },
        )
        for ((name, transform) in broken) {
            assertFalse(wrongPoints(transform).isEmpty(), name)
        }
    }

    @Test
    fun `smoothing of probabilities instead of log-odds is caught`() {
        val golden = Golden.json("smoothing.json").jsonObject.list("cases").map { it.jsonObject }
        val wrong = golden.count { case ->
            val means = HashMap<Int, Pair<Int, Double>>()
            case.list("steps").map { it.jsonObject }.any { step ->
                val (count, mean) = means[step.int("track")] ?: (0 to 0.0)
                val gain = maxOf(case.number("alpha"), 1.0 / (count + 1))
                val now = mean + gain * (step.number("probability") - mean)
                means[step.int("track")] = count + 1 to now
                Math.abs(now - step.number("smoothed")) > 1e-12
            }
        }
        assertTrue(wrong > 0)
    }

    @Test
    fun `pairs taken in the order of boxes instead of overlap are caught`() {
        val golden = Golden.json("tracks.json").jsonArray.map { it.jsonObject }
        val wrong = golden.count { case ->
            val last = LinkedHashMap<Int, Box>()
            var next = 0
            case.list("updates").map { it.jsonObject }.any { update ->
                val taken = HashSet<Int>()
                val found = update.list("boxes").map { values ->
                    val box = values.jsonArray.map { it.toString().toInt() }.toBox()
                    val track = last.keys.firstOrNull {
                        it !in taken && FaceTracker.overlap(last.getValue(it), box) >= case.number("min_iou")
                    } ?: next++
                    taken.add(track)
                    last[track] = box
                    track
                }
                found != update.ints("tracks")
            }
        }
        assertTrue(wrong > 0)
    }

    @Test
    fun `a packing that ignores the row stride is caught`() {
        val picture = Picture.random(9, 7, Random(4))
        val frame = picture.frame(padding = 8)
        val tight = ByteBuffer.allocate(4 * 9 * 7)
        PixelPacking.toUprightRgba(RgbaFrame(frame.pixels, 4 * 9, FrameGeometry(9, 7)), tight)
        assertFalse(picture.rgb.contentEquals(tight.rgb()))
    }
}
