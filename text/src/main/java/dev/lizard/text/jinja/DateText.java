package dev.lizard.text.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** Dates in {@code strftime}'s notation, in English. */
final class DateText {
    private DateText() {}

    static String format(String format, LocalDateTime time, int line) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%') {
                text.append(c);
                continue;
            }
            char code = ++i < format.length() ? format.charAt(i) : ' ';
            boolean bare = code == '-' && i + 1 < format.length();
            String written = written(bare ? format.charAt(++i) : code, time, line);
            text.append(bare ? written.replaceFirst("^[0 ]+(?=\\d)", "") : written);
        }
        return text.toString();
    }

    private static String written(char code, LocalDateTime time, int line) {
        String pattern = switch (code) {
            case 'd' -> "dd";
            case 'e' -> "ppd";
            case 'm' -> "MM";
            case 'Y' -> "uuuu";
            case 'y' -> "uu";
            case 'B' -> "MMMM";
            case 'b', 'h' -> "MMM";
            case 'A' -> "EEEE";
            case 'a' -> "EEE";
            case 'H' -> "HH";
            case 'I' -> "hh";
            case 'M' -> "mm";
            case 'S' -> "ss";
            case 'f' -> "SSSSSS";
            case 'p' -> "a";
            case 'j' -> "DDD";
            case 'F' -> "uuuu-MM-dd";
            case 'T', 'X' -> "HH:mm:ss";
            case 'R' -> "HH:mm";
            case 'D', 'x' -> "MM/dd/uu";
            case 'c' -> "EEE MMM ppd HH:mm:ss uuuu";
            case 'u' -> "'" + time.getDayOfWeek().getValue() + "'";
            case 'G' -> "'" + time.get(IsoFields.WEEK_BASED_YEAR) + "'";
            case '%' -> "'%'";
            case 'n' -> "'\n'";
            case 't' -> "'\t'";
            case 'w' -> "'" + time.getDayOfWeek().getValue() % 7 + "'";
            // A local time names no zone, as in Python.
            case 'z', 'Z' -> "";
            default -> throw TemplateError.unsupported(line, "the date code '%" + code + "'");
        };
        return pattern.isEmpty()
                ? ""
                : DateTimeFormatter.ofPattern(pattern, Locale.US).format(time);
    }
}
