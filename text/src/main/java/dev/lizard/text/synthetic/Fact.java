package dev.lizard.text.synthetic;

import dev.lizard.tensor.RandomStream;
import java.util.List;

/**
 * Something that a text states once and asks for later, in words that no other sentence of it foretells. Names and values
 * are invented, so that only memory of the statement can answer.
 *
 * @param stated one sentence
 * @param asked a question with its answer, in other words than the statement's
 */
public record Fact(String stated, String asked) {
    /** How a value looks. */
    private enum Value {
        NUMBER,
        NAME,
        WORD
    }

    private record Wording(Value value, String stated, String asked) {}

    private static Wording number(String stated, String asked) {
        return new Wording(Value.NUMBER, stated, asked);
    }

    private static Wording name(String stated, String asked) {
        return new Wording(Value.NAME, stated, asked);
    }

    private static Wording word(String stated, String asked) {
        return new Wording(Value.WORD, stated, asked);
    }

    /** %1$s is whom or what it is about, %2$s the value. */
    private static final List<Wording> WORDINGS = List.of(
            number("%1$s lives in house number %2$s.", "At which number does %1$s live? At %2$s."),
            number("You can ring %1$s on %2$s.", "Which telephone number reaches %1$s? %2$s."),
            number("The bill for %1$s came to %2$s crowns.", "How many crowns did %1$s owe? %2$s."),
            number("Room %2$s was given to %1$s.", "%1$s sleeps in room %2$s."),
            number("Parcel %2$s is addressed to %1$s.", "What parcel waits for %1$s? Parcel %2$s."),
            number("%1$s won the race with the start number %2$s.", "Under which start number did %1$s run? %2$s."),
            number("To open the shed of %1$s, dial %2$s.", "What must be dialled at the shed of %1$s? %2$s."),
            number("In the ledger, %1$s stands on page %2$s.", "On what page of the ledger is %1$s? On page %2$s."),
            number("%1$s was born in the village's year %2$s.", "In what year was %1$s born? In %2$s."),
            number("The ferry ticket of %1$s reads %2$s.", "What stood on the ticket of %1$s? %2$s."),
            name("The cat of %1$s is called %2$s.", "How does %1$s call the cat? %2$s."),
            name("%1$s married %2$s in spring.", "Whom did %1$s marry? %2$s."),
            name("%1$s comes from the town of %2$s.", "Where does %1$s come from? From %2$s."),
            name("The boat that %1$s steers bears the name %2$s.", "Which boat does %1$s steer? The %2$s."),
            name("It was %2$s who taught %1$s to read.", "From whom did %1$s learn to read? From %2$s."),
            name("%1$s sold the mill to %2$s.", "Who bought the mill of %1$s? %2$s."),
            name("The doctor of %1$s, one %2$s, is abroad.", "Who treats %1$s? %2$s."),
            name("As captain, %1$s trusts nobody but %2$s.", "In whom does captain %1$s trust? In %2$s."),
            word(
                    "Among friends %1$s greets with the word %2$s.",
                    "With which word does %1$s greet friends? With %2$s."),
            word("In the tongue of %1$s bread is %2$s.", "What is bread in the tongue of %1$s? %2$s."),
            word("%1$s whispers %2$s to calm the horses.", "What calms the horses of %1$s? The word %2$s."),
            word("Above the door of %1$s somebody wrote %2$s.", "What is written above the door of %1$s? %2$s."),
            word("The herb that cured %1$s was %2$s.", "By which herb was %1$s cured? By %2$s."),
            word("%1$s signs letters with %2$s.", "How does %1$s sign? With %2$s."));

    /** How many ways there are to say and to ask. */
    public static int wordings() {
        return WORDINGS.size();
    }

    /** A fact about somebody new. */
    public static Fact invented(RandomStream random) {
        Wording wording = WORDINGS.get(random.nextInt(WORDINGS.size()));
        String about = Person.named(2 + random.nextInt(2), random);
        String value = switch (wording.value) {
            case NUMBER -> Digits.random(3 + random.nextInt(5), random);
            case NAME -> Person.named(2 + random.nextInt(2), random);
            case WORD -> Person.word(2 + random.nextInt(3), random);
        };
        return new Fact(wording.stated.formatted(about, value), wording.asked.formatted(about, value));
    }
}
