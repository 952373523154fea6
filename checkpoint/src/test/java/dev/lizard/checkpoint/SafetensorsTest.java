package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException.Kind;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
    @TempDir
    Path folder = Path.of(".");

    Path file = folder;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("m.safetensors");
    }

    /** Length, header, {@code data} bytes of zeros. */
    static byte[] file(String header, int data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + data)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[1]                                                             |0 |a JSON object",
                "{'a':                                                           |0 |a JSON object",
                "{'a':1}                                                         |0 |m.safetensors/a;data_offsets",
                "{'a':{'dtype':'F9','shape':[4],'data_offsets':[0,4]}}           |4 |/a;unsupported dtype;BF16;F9",
                "{'a':{'dtype':'F8_E4M3','shape':[4],'data_offsets':[0,8]}}      |8 |/a;4 bytes for F8_E4M3 [4];8"
                        + " bytes",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}}          |4 |/a;8 bytes for F32 [2];4 bytes",
                "{'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}}         |4 |/a;bad shape;[-1]",
                "{'a':{'dtype':'F32','shape':[1.5],'data_offsets':[0,4]}}        |4 |/a;bad shape;1.5",
                "{'a':{'dtype':'F32','shape':'x','data_offsets':[0,4]}}          |4 |/a;bad shape;a text",
                "{'a':{'dtype':'F32','shape':[4611686018427387904,8],'data_offsets':[0,4]}}|4 |/a;bad shape",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}}          |4 |/a;bad data_offsets;[4, 0]",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0]}}            |4 |/a;bad data_offsets;[0]",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}          |4 |/a;out of the file;within 4;8",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}          |8 |/a;gap before tensor;begin at 0",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}          |8 |belong to no tensor;4 bytes;8",
                "{'__metadata__':{'a':1}}                                        |0 |__metadata__.a;a text;a number",
                "{'__metadata__':[1]}                                            |0 |__metadata__;an object;an array"
            })
    void refusesBrokenHeaders(String header, int data, String texts) throws IOException {
        Files.write(file, file(header.replace('\'', '"'), data));
        Errors.refused(Kind.INPUT, () -> SafetensorsFile.open(file), texts.split(";", -1));
        Errors.refused(Kind.INPUT, () -> SafetensorsFile.open(file), file.toString());
    }

    @Test
    void typesThatAreNotReadMatterOnlyWhereTheyAreAskedFor() throws IOException {
        String entry = "'%s':{'dtype':'%s','shape':[4],'data_offsets':[%d,%d]}";
        String header =
                "{" + entry.formatted("scale", "F8_E4M3", 0, 4) + ',' + entry.formatted("w", "F32", 4, 20) + "}";
        Files.write(file, file(header.replace('\'', '"'), 20));
        try (SafetensorsFile read = SafetensorsFile.open(file);
                Scope scope = Scope.open()) {
            assertThat(read.readFloat32("w")).containsExactly(0, 0, 0, 0);
            assertThat(read.info("scale").byteSize()).isEqualTo(4);
            Errors.refused(
                    Kind.INPUT,
                    () -> Weights.load(read, "scale", DType.BFLOAT16, Device.CPU),
                    file + "/scale",
                    "unsupported dtype",
                    "BF16",
                    "F8_E4M3");
        }
    }

    @Test
    void refusesOverlapsAndDuplicates() throws IOException {
        String one = "\"%s\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[%d,%d]}";
        Files.write(file, file("{" + one.formatted("a", 0, 8) + "," + one.formatted("b", 4, 12) + "}", 12));
        Errors.refused(Kind.INPUT, () -> SafetensorsFile.open(file), file + "/b", "overlapping", "at 8", "found 4");
        Files.write(file, file("{" + one.formatted("a", 0, 8) + "," + one.formatted("a", 8, 16) + "}", 16));
        Errors.refused(Kind.INPUT, () -> SafetensorsFile.open(file), file.toString(), "Duplicate", "\"a\"");
    }

    @Test
    void refusesBrokenLengths() throws IOException {
        Files.write(file, new byte[5]);
        Errors.refused(Kind.INPUT, () -> SafetensorsFile.open(file), file.toString(), "truncated", "5 bytes");
        byte[] huge = file("{}", 0);
        ByteBuffer.wrap(huge).order(ByteOrder.LITTLE_ENDIAN).putLong(1L << 60);
        Files.write(file, huge);
        Errors.refused(Kind.INPUT, () -> SafetensorsFile.open(file), "header length", "1152921504606846976");
        Errors.refused(Kind.INPUT, () -> SafetensorsFile.open(folder.resolve("none")), "none", "found nothing");
    }

    @Test
    void writesSortedAlignedAndTheSameTwice() throws IOException {
        List<StoredTensor> tensors = List.of(
                stored("z", StoredType.U8, List.of(3L), new byte[] {1, 2, (byte) 255}),
                stored("b", StoredType.F64, List.of(1L), new byte[] {0, 0, 0, 0, 0, 0, (byte) 0xF8, 0x3F}),
                stored("a", StoredType.F16, List.of(2L), new byte[] {0, 0x3C, 0, (byte) 0xC0}),
                stored("c", StoredType.I16, List.of(1L, 1L), new byte[] {(byte) 0xFE, (byte) 0xFF}),
                stored("scalar", StoredType.I32, List.of(), new byte[] {7, 0, 0, 0}),
                stored("empty", StoredType.F32, List.of(0L, 4L), new byte[0]));
        Safetensors.write(file, tensors, Map.of("format", "pt"));
        byte[] first = Files.readAllBytes(file);
        Safetensors.write(file, tensors.reversed(), Map.of("format", "pt"));
        assertThat(Files.readAllBytes(file)).isEqualTo(first);
        assertThat(ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getLong() % 8)
                .isZero();
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            assertThat(read.names()).containsExactly("b", "empty", "scalar", "a", "c", "z");
            assertThat(read.metadata()).containsOnly(Map.entry("format", "pt"));
            assertThat(read.readFloat32("b")).containsExactly(1.5f);
            assertThat(read.readFloat32("a")).containsExactly(1f, -2f);
            assertThat(read.readFloat32("c")).containsExactly(-2f);
            assertThat(read.readFloat32("z")).containsExactly(1f, 2f, 255f);
            assertThat(read.readFloat32("scalar")).containsExactly(7f);
            assertThat(read.readFloat32("empty")).isEmpty();
            assertThat(read.raw("z").isReadOnly()).isTrue();
        }
    }

    private static StoredTensor stored(String name, StoredType type, List<Long> shape, byte[] bytes) {
        return new StoredTensor(new TensorInfo(name, type, shape), () -> MemorySegment.ofArray(bytes));
    }

    @Test
    void tensorsGoThereAndBack() {
        long before = Scope.liveTensors();
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            tensors.put(
                    "f",
                    Tensors.of(new float[] {1.5f, -2, 3e-8f, 4, 5, 6}, 2, 3).transpose(0, 1));
            tensors.put("h", Tensors.of(new float[] {1, -2.5f}, 2).to(DType.BFLOAT16));
            tensors.put("d", Tensors.of(new double[] {Math.PI}, 1));
            tensors.put("l", Tensors.of(new long[] {1L << 60, -1}, 2));
            Safetensors.write(file, tensors, Map.of());
            try (SafetensorsFile read = SafetensorsFile.open(file)) {
                assertThat(read.info("f").shape()).containsExactly(3L, 2L);
                assertThat(Weights.load(read, "f", DType.FLOAT32, Device.CPU).floats())
                        .containsExactly(1.5f, 4, -2, 5, 3e-8f, 6);
                Tensor half = Weights.load(read, "h", DType.BFLOAT16, Device.CPU);
                assertThat(half.dtype()).isEqualTo(DType.BFLOAT16);
                assertThat(half.floats()).containsExactly(1, -2.5f);
                assertThat(Weights.load(read, "h", DType.FLOAT64, Device.CPU).doubles())
                        .containsExactly(1, -2.5);
                assertThat(Weights.load(read, "d", DType.FLOAT64, Device.CPU).doubles())
                        .containsExactly(Math.PI);
                assertThat(Weights.load(read, "l", DType.INT64, Device.CPU).longs())
                        .containsExactly(1L << 60, -1);
            }
        }
        assertThat(Scope.liveTensors()).isEqualTo(before);
    }

    /** Ties to the even neighbour, overflow to infinity, NaN stays NaN: as the engine rounds. */
    @Test
    void bfloat16IsRoundedAsTheEngineRounds() {
        float[] values = new float[100_000];
        Random random = new Random(5);
        for (int i = 0; i < values.length; i++) {
            int bits = random.nextInt();
            values[i] = Float.intBitsToFloat(i % 3 == 0 ? bits & 0xFFFF8000 : bits);
        }
        values[0] = Float.NaN;
        values[1] = Float.MAX_VALUE;
        values[2] = Float.NEGATIVE_INFINITY;
        TensorInfo info = new TensorInfo("w", StoredType.F32, List.of((long) values.length));
        Safetensors.write(file, List.of(new StoredTensor(info, () -> MemorySegment.ofArray(values))), Map.of());
        try (SafetensorsFile read = SafetensorsFile.open(file);
                Scope scope = Scope.open()) {
            assertThat(Weights.load(read, "w", DType.BFLOAT16, Device.CPU).floats())
                    .containsExactly(
                            Tensors.of(values, values.length).to(DType.BFLOAT16).floats());
        }
    }

    @Test
    void copiesTensorsBetweenFormats() throws IOException {
        Path gguf = folder.resolve("m.gguf");
        byte[] block = new byte[34];
        block[1] = 0x3C; // d = 1
        block[2] = 5;
        block[33] = -7;
        Files.write(
                gguf,
                GgufBuilder.tinyLlama("llama")
                        .tensor("blk.0.ffn_up.weight", List.of(1L, 32L), 8, 608, block)
                        .build());
        try (Checkpoint checkpoint = Checkpoint.open(gguf)) {
            WeightSource weights = checkpoint.weights();
            Safetensors.write(
                    file,
                    weights.names().stream()
                            .map(n -> StoredTensor.of(weights, n))
                            .toList(),
                    Map.of());
            try (SafetensorsFile copy = SafetensorsFile.open(file)) {
                for (String name : weights.names()) {
                    assertThat(copy.readFloat32(name)).as(name).containsExactly(weights.readFloat32(name));
                }
                assertThat(copy.readFloat32("model.layers.0.mlp.up_proj.weight"))
                        .startsWith(5f)
                        .endsWith(-7f);
            }
        }
    }

    @Test
    void anAxisOfZeroDoesNotMakeTheOthersPossible() throws IOException {
        String header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[0,4611686018427387904,4],\"data_offsets\":[0,0]}}";
        Files.write(file, file(header, 0));
        Errors.refused(Kind.INPUT, () -> SafetensorsFile.open(file).close(), "bad shape", "4611686018427387904");
    }
}
