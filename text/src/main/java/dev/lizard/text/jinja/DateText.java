package dev.lizard.text.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
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
            String pattern = switch (code) {
                case 'd' -> "dd";
                case 'm' -> "MM";
                case 'Y' -> "uuuu";
                case 'y' -> "uu";
                case 'B' -> "MMMM";
                case 'b' -> "MMM";
                case 'A' -> "EEEE";
                case 'a' -> "EEE";
                case 'H' -> "HH";
                case 'I' -> "hh";
                case 'M' -> "mm";
                case 'S' -> "ss";
                case 'p' -> "a";
                case 'j' -> "DDD";
                case '%' -> "'%'";
                default -> throw TemplateError.unsupported(line, "the date code '%" + code + "'");
            };
            text.append(DateTimeFormatter.ofPattern(pattern, Locale.US).format(time));
        }
        return text.toString();
    }
}
