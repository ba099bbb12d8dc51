// The search for processes: nginx user:root state:running >100M -unit:ssh.
//
//   absl::StatusOr<ProcessFilter> filter = ProcessFilter::Parse("nginx >100M");
//
// All terms must match; "-" before one negates it ("--x" is text). A word is
// found in names and command lines. After "key:" stands how the value begins
// (of name and command: what it contains), or several, separated by commas;
// after "key=" the whole value. Numbers compare with > < >= <= ("memory" if no
// key stands before), and ids also with ":". Upper and lower case of ASCII
// letters are the same. It is the syntax of the page (docs/page.md).
//
// Example: tally/processes/process_filter_test.cc

#ifndef TALLYMAN_TALLY_PROCESSES_PROCESS_FILTER_H_
#define TALLYMAN_TALLY_PROCESSES_PROCESS_FILTER_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/processes/process_record.h"

namespace tallyman::tally {

// A value type; thread-safe once made.
class ProcessFilter {
 public:
  // Matches all.
  ProcessFilter() = default;

  // InvalidArgument says which part is wrong, and how to write it. `names` are
  // those that "stack:" may name besides uids.
  static absl::StatusOr<ProcessFilter> Parse(std::string_view text,
                                             const StackNames& names = {});

  // True if `text` has a term about stacks, for which Parse() needs names.
  static bool NamesStacks(std::string_view text);

  // Adds a term: the value at `key` is one of `values`, with this very
  // spelling.
  void AddEqual(std::string_view key, std::vector<std::string> values);
  // Adds a term: the value at `key` is at least `least`.
  void AddAtLeast(std::string_view key, double least);

  bool Matches(const ProcessRecord& record) const;
  bool empty() const { return terms_.empty(); }

  // The keys of the API that Matches() reads, without repetition.
  std::vector<std::string> Fields() const;

  // Adds parameters of GET /server/processes that leave out only processes that
  // do not match, unless `query` has them. Returns the filter for the rest: it
  // lacks the terms that the server decides alone.
  ProcessFilter MoveTo(
      std::vector<std::pair<std::string, std::string>>& query) const;

 private:
  friend class FilterParser;

  struct Term {
    std::vector<std::string> fields;
    std::function<bool(const ProcessRecord&)> matches;
    bool negated = false;
    // A parameter of the server with this value; "": none.
    std::string parameter = {};
    std::string value = {};
    // The parameter says the same as the term.
    bool is_whole = false;
  };

  std::vector<Term> terms_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_PROCESSES_PROCESS_FILTER_H_
