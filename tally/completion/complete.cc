#include "tally/completion/complete.h"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tally/cli/command.h"
#include "tally/completion/bash_line.h"
#include "tally/completion/candidates.h"
#include "tally/completion/values.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

absl::Duration Patience() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
  const char* const text = std::getenv("TALLY_COMPLETION_TIMEOUT");
  int64_t milliseconds = 0;
  if (text != nullptr && absl::SimpleAtoi(text, &milliseconds) &&
      milliseconds >= 0) {
    return absl::Milliseconds(milliseconds);
  }
  return kCompletionPatience;
}

}  // namespace

std::string Complete(const std::vector<CommandSpec>& table,
                     const std::vector<std::string>& arguments) {
  if (arguments.empty()) return "";
  std::vector<std::string> words;
  BashLine line;
  const bool is_line = arguments[0] == "line" && arguments.size() == 3;
  if (is_line) {
    line = ReadBashLine(arguments[1], arguments[2]);
    words = line.words;
  } else if (arguments[0] == "words") {
    words = arguments;
  } else {
    return "";
  }
  // "tally", or "words".
  words.erase(words.begin());
  CursorWord cursor = FindCandidates(table, std::move(words));
  std::vector<Candidate> candidates = std::move(cursor.candidates);
  for (Candidate& value : FindValues(cursor, Patience())) {
    candidates.push_back(std::move(value));
  }
  std::string out =
      cursor.wanted.kind == Completes::kFile ? "files\n" : "words\n";
  for (const Candidate& candidate : candidates) {
    // A name with a control character cannot be typed.
    if (Printable(candidate.text) != candidate.text) continue;
    std::optional<std::string> text = candidate.text;
    if (is_line) text = BashReplacement(line, candidate.text);
    if (!text) continue;
    absl::StrAppend(&out, *text, "\t", Printable(candidate.description), "\n");
  }
  return out;
}

}  // namespace tallyman::tally
