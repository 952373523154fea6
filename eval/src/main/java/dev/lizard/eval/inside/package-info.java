/** What can be seen inside a converted model: errors, gates, parts, ablations, mixing matrices. */
@NullMarked
package dev.lizard.eval.inside;

import org.jspecify.annotations.NullMarked;
