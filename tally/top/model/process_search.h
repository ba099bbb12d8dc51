// The search for processes, as on the page (docs/page.md):
//
//   nginx user:root state:sleeping >100M cpu>5 -unit:ssh "two words"
//
// All terms must match; "-" negates one ("--x" is text). A text matches names
// and command lines. After ":" stands how a value begins (of name and command:
// what it contains), or several, separated by commas; after "=" the whole
// value.
//
//   absl::StatusOr<ProcessSearch> search = ProcessSearch::Parse("user:root");
//   search->Matches({.process = process, .share = 0.5});
//
// Upper and lower case do not differ, for ASCII.

#ifndef TALLYMAN_TALLY_TOP_MODEL_PROCESS_SEARCH_H_
#define TALLYMAN_TALLY_TOP_MODEL_PROCESS_SEARCH_H_

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/top/model/host_process.h"

namespace tallyman::tally {

// What a search looks at.
struct SearchedProcess {
  const HostProcess& process;
  // "NAME\nCOMMAND LINE" in lower case: SearchableText().
  std::string_view text;
  // Of one processor; NaN is unknown, and no number matches it.
  double share = std::numeric_limits<double>::quiet_NaN();
  // The name of its stack, which `stack:` finds beside the uid.
  std::string_view stack_name = {};
};

std::string SearchableText(const HostProcess& process);

// A value type. Matches() is thread-safe.
class ProcessSearch {
 public:
  // Matches all.
  ProcessSearch() = default;

  // InvalidArgument says what is wrong with which term.
  static absl::StatusOr<ProcessSearch> Parse(std::string_view text);

  bool Matches(const SearchedProcess& searched) const;
  bool empty() const { return terms_.empty(); }
  // The keys of the API that the search reads, each once.
  std::vector<std::string_view> Fields() const;

 private:
  enum class Operator { kBegins, kIs, kGreater, kLess, kAtLeast, kAtMost };
  struct Term {
    bool is_negated = false;
    std::string_view key;    // "" of a text.
    std::string_view field;  // Of the API.
    Operator op = Operator::kBegins;
    std::vector<std::string> words;  // In lower case.
    std::vector<double> numbers;     // Of a term of numbers.
  };

  static absl::StatusOr<Term> ParseTerm(std::string_view token);
  static absl::StatusOr<Term> ParseWords(Term term, std::string_view raw);
  static absl::StatusOr<Term> ParseNumbers(Term term, std::string_view raw);
  static bool MatchesWords(const Term& term, const SearchedProcess& searched);
  static bool MatchesNumbers(const Term& term, const SearchedProcess& searched);

  std::vector<Term> terms_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_PROCESS_SEARCH_H_
