package dev.lizard.tensor.cuda;

import dev.lizard.base.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * CUDA C++ to be compiled: a resource of this package, the headers of this package that it includes, and options.
 *
 * @param name the resource's name, such as {@code decode.cu}
 * @param text its text
 * @param headers texts of the headers by the names they are included by
 * @param options for the compiler, in order
 */
public record KernelSource(String name, String text, Map<String, String> headers, List<String> options) {
    private static final Pattern INCLUDE = Pattern.compile("(?m)^\\s*#\\s*include\\s*\"([^\"]+)\"");

    private static final Map<String, KernelSource> READ = new ConcurrentHashMap<>();

    public KernelSource {
        headers = Map.copyOf(headers);
        options = List.copyOf(options);
    }

    /**
     * Reads a resource and what it includes in quotes, and so on; once, since kernels are looked up by their source at
     * every call.
     */
    public static KernelSource of(String resource) {
        return READ.computeIfAbsent(resource, KernelSource::load);
    }

    private static KernelSource load(String resource) {
        String text = Resources.text(KernelSource.class, resource);
        Map<String, String> headers = new TreeMap<>();
        collect(text, headers);
        return new KernelSource(resource, text, headers, List.of());
    }

    /** The same with {@code -Dname=value}. */
    public KernelSource define(String macro, Object value) {
        return option("-D" + macro + "=" + value);
    }

    /** The same with one more option of NVRTC. */
    KernelSource option(String option) {
        List<String> more = new ArrayList<>(options);
        more.add(option);
        return new KernelSource(name, text, headers, more);
    }

    private static void collect(String text, Map<String, String> headers) {
        Matcher matcher = INCLUDE.matcher(text);
        while (matcher.find()) {
            String header = matcher.group(1);
            if (!headers.containsKey(header)) {
                String content = Resources.text(KernelSource.class, header);
                headers.put(header, content);
                collect(content, headers);
            }
        }
    }
}
