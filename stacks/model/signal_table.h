// The signals of signal(7) that all Unix systems have.
//
// Example: stacks/model/signal_table_test.cc

#ifndef TALLYMAN_STACKS_MODEL_SIGNAL_TABLE_H_
#define TALLYMAN_STACKS_MODEL_SIGNAL_TABLE_H_

#include <optional>
#include <string_view>

#include "absl/types/span.h"

namespace tallyman::stacks {

struct Signal {
  std::string_view name;  // "term", in lower case.
  int number;
};

// On Windows, which has few, with the numbers of Linux: definitions of stacks
// can be read there, and nothing is signalled.
absl::Span<const Signal> AllSignals();

// The signals that an operator may send to a running program. Not those that
// report errors of the program, nor those that stop it: a pause does that, and
// is remembered.
inline constexpr std::string_view kProgramSignals[] = {
    "ABRT", "ALRM", "CONT", "HUP", "INT",  "KILL", "QUIT",
    "TERM", "TTIN", "TTOU", "URG", "USR1", "USR2", "WINCH"};
bool IsProgramSignal(std::string_view name);

// The number of one of kProgramSignals; nullopt for other names.
std::optional<int> ProgramSignalNumber(std::string_view name);

// SIGKILL and SIGTERM, whose numbers are those that kill(1p) gives them.
inline constexpr int kKillSignal = 9;
inline constexpr int kTermSignal = 15;

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_SIGNAL_TABLE_H_
