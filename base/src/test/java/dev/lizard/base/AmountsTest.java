package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AmountsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        0        | under 1 s
        0.4      | under 1 s
        42       | 42 s
        59.6     | 1 min 0 s
        185      | 3 min 5 s
        11520    | 3 h 12 min
        86400    | 1 day 0 h
        964326   | 11 days 3 h
        2e9      | 63 years
        """)
    void timesInTheirTwoLargestUnits(double seconds, String shown) {
        assertThat(Amounts.duration(seconds)).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        0                   | 0 bytes
        1023                | 1023 bytes
        1536                | 1.5 KiB
        22119710720         | 20.6 GiB
        160000000           | 153 MiB
        9223372036854775807 | 8.0 EiB
        """)
    void sizesInPowersOf1024(long bytes, String shown) {
        assertThat(Amounts.bytes(bytes)).isEqualTo(shown);
    }
}
