// Pure Kotlin, no Android: also built and tested by pom.xml, with the same versions.
plugins {
    alias(libs.plugins.kotlin.jvm)
}

kotlin {
    jvmToolchain(17)
    compilerOptions {
        allWarningsAsErrors = true
    }
}

dependencies {
    implementation(libs.kotlinx.serialization.json)
    testImplementation(libs.junit.jupiter)
    testRuntimeOnly("org.junit.platform:junit-platform-launcher")
}

tasks.test {
    useJUnitPlatform()
    systemProperty("golden.folder", rootDir.resolve("../tests/golden").path)
    systemProperty("assets.folder", rootDir.resolve("app/src/main/assets").path)
    systemProperty("java.awt.headless", "true")
}
