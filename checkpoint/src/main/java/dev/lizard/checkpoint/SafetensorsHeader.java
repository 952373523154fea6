package dev.lizard.checkpoint;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;

/**
 * Reads and checks the header of a safetensors file: eight bytes of length, JSON, then the tensors one after the other
 * with neither gap nor overlap.
 *
 * @param tensors by key, in the order of the header
 * @param metadata the texts under {@code __metadata__}
 */
record SafetensorsHeader(Map<String, TensorTable.Entry> tensors, Map<String, String> metadata) {
    static final String METADATA = "__metadata__";
    private static final int LENGTH_BYTES = 8;

    /** The cap of the reference library: a longer header is an attack or a broken file. */
    private static final long LONGEST_HEADER = 100_000_000;

    static SafetensorsHeader read(Path file, MemorySegment bytes) {
        if (bytes.byteSize() < LENGTH_BYTES) {
            throw BadFile.in(
                    file,
                    "truncated safetensors file",
                    "at least 8 bytes",
                    bytes.byteSize() + " bytes",
                    "download the file again");
        }
        long length = bytes.get(JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        long rest = bytes.byteSize() - LENGTH_BYTES;
        if (length < 2 || length > LONGEST_HEADER || length > rest) {
            throw BadFile.in(
                    file,
                    "bad safetensors header length",
                    "2 to " + Math.min(rest, LONGEST_HEADER) + " bytes",
                    Long.toUnsignedString(length),
                    "check that it is a safetensors file, or download it again");
        }
        byte[] json = bytes.asSlice(LENGTH_BYTES, length).toArray(JAVA_BYTE);
        MemorySegment data = bytes.asSlice(LENGTH_BYTES + length);
        return new Reader(file, data).read(json);
    }

    /** One reading; the data's length is that of everything behind the header. */
    private record Reader(Path file, MemorySegment data) {
        SafetensorsHeader read(byte[] json) {
            Map<String, TensorTable.Entry> tensors = new LinkedHashMap<>();
            Map<String, String> metadata = new LinkedHashMap<>();
            List<Range> ranges = new ArrayList<>();
            try (JsonParser parser = Json.MAPPER.createParser(json)) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw notJson("something else");
                }
                while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    JsonNode node = parser.readValueAsTree();
                    if (name.equals(METADATA)) {
                        readMetadata(node, metadata);
                    } else {
                        Range range = range(name, node);
                        ranges.add(range);
                        tensors.put(name, entry(range, node));
                    }
                }
            } catch (JacksonException e) {
                throw notJson(Json.problem(e));
            }
            checkCover(ranges);
            return new SafetensorsHeader(tensors, metadata);
        }

        private LizardException notJson(String found) {
            return BadFile.in(file, "bad safetensors header", "a JSON object", found, "download the file again");
        }

        private void readMetadata(JsonNode node, Map<String, String> metadata) {
            if (!node.isObject()) {
                throw BadFile.in(file, METADATA, "bad metadata", "an object", Json.kindOf(node), BadFile.AGAIN);
            }
            for (Map.Entry<String, JsonNode> property : node.properties()) {
                if (!property.getValue().isString()) {
                    throw BadFile.in(
                            file,
                            METADATA + "." + property.getKey(),
                            "bad metadata",
                            "a text",
                            Json.kindOf(property.getValue()),
                            BadFile.AGAIN);
                }
                metadata.put(property.getKey(), property.getValue().stringValue());
            }
        }

        private Range range(String name, JsonNode node) {
            List<Long> offsets = longs(name, "data_offsets", node.path("data_offsets"));
            if (offsets.size() != 2 || offsets.get(0) < 0 || offsets.get(1) < offsets.get(0)) {
                throw BadFile.in(file, name, "bad data_offsets", "[begin, end]", offsets, BadFile.AGAIN);
            }
            if (offsets.get(1) > data.byteSize()) {
                throw BadFile.in(
                        file,
                        name,
                        "tensor out of the file",
                        "an end within " + data.byteSize() + " bytes of data",
                        offsets.get(1),
                        "the file is truncated: download it again");
            }
            return new Range(name, offsets.get(0), offsets.get(1));
        }

        private TensorTable.Entry entry(Range range, JsonNode node) {
            JsonNode dtype = node.path("dtype");
            String dtypeText = dtype.isString() ? dtype.stringValue() : Json.kindOf(dtype);
            StoredType type = StoredType.ofSafetensors(dtypeText)
                    .orElseThrow(() -> BadFile.in(
                            file,
                            range.name(),
                            "unsupported dtype",
                            "one of " + StoredType.safetensorsNames(),
                            dtypeText,
                            "convert the checkpoint to one of these"));
            List<Long> shape = longs(range.name(), "shape", node.path("shape"));
            TensorInfo info;
            try {
                info = new TensorInfo(range.name(), type, shape);
            } catch (ArithmeticException e) {
                throw BadFile.in(file, range.name(), "bad shape", "axes of a possible size", shape, BadFile.AGAIN);
            }
            if (info.byteSize() != range.length()) {
                throw BadFile.in(
                        file,
                        range.name(),
                        "tensor size disagrees with its shape",
                        "%d bytes for %s %s".formatted(info.byteSize(), type, shape),
                        range.length() + " bytes",
                        BadFile.AGAIN);
            }
            return new TensorTable.Entry(info, file, data.asSlice(range.begin(), range.length()));
        }

        private List<Long> longs(String name, String key, JsonNode node) {
            List<Long> values = new ArrayList<>();
            for (JsonNode item : node) {
                if (!item.isIntegralNumber() || !item.canConvertToLong()) {
                    throw BadFile.in(file, name, "bad " + key, "a list of integers", item, BadFile.AGAIN);
                }
                values.add(item.longValue());
            }
            if (!node.isArray()) {
                throw BadFile.in(file, name, "bad " + key, "a list of integers", Json.kindOf(node), BadFile.AGAIN);
            }
            return values;
        }

        private void checkCover(List<Range> ranges) {
            List<Range> ordered = new ArrayList<>(ranges);
            ordered.sort(Comparator.comparingLong(Range::begin).thenComparingLong(Range::end));
            long end = 0;
            for (Range range : ordered) {
                if (range.begin() != end) {
                    throw BadFile.in(
                            file,
                            range.name(),
                            range.begin() < end ? "overlapping tensor" : "gap before tensor",
                            "a begin at " + end,
                            range.begin(),
                            BadFile.AGAIN);
                }
                end = range.end();
            }
            if (end != data.byteSize()) {
                throw BadFile.in(
                        file,
                        "bytes that belong to no tensor",
                        end + " bytes of data",
                        data.byteSize(),
                        "download the file again");
            }
        }
    }

    /** Where a tensor lies, in bytes from the end of the header. */
    private record Range(String name, long begin, long end) {
        long length() {
            return end - begin;
        }
    }
}
