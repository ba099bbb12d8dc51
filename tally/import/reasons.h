// Why a key of another supervisor is not carried over, as a table.

#ifndef TALLYMAN_TALLY_IMPORT_REASONS_H_
#define TALLYMAN_TALLY_IMPORT_REASONS_H_

#include <string_view>

#include "absl/types/span.h"

namespace tallyman::tally {

struct KeyReason {
  std::string_view key;
  std::string_view reason;
};

// Reasons that more than one format has.
inline constexpr std::string_view kUnknownKey =
    "the key is not known; check its spelling and carry it over by hand";
inline constexpr std::string_view kOutputReason =
    "Tallyman keeps and rotates the output of instances itself; see tally logs";
inline constexpr std::string_view kOrderReason =
    "processes start in no order; let the program wait for what it needs";
inline constexpr std::string_view kHealthReason =
    "a process that runs counts as healthy; let the program end when it fails";
inline constexpr std::string_view kRetryReason =
    "an ended instance always starts again, after 100 ms to 1 min";
inline constexpr std::string_view kRestartReason =
    "an ended instance starts again whatever its exit code is; scale the "
    "process to 0 when its work is done";
inline constexpr std::string_view kUmaskReason =
    "put umask before the program, in the command";
inline constexpr std::string_view kGroupReason =
    "a process has the groups that its user has in the system";
inline constexpr std::string_view kHookReason =
    "put the commands into a script that ends by exec of the program";
inline constexpr std::string_view kMemoryReason =
    "the limit is on used memory, and memory of a process limits its address "
    "space; set memory by hand if the program gets along with that";
inline constexpr std::string_view kPrivilegeReason =
    "Tallyman does not confine a process; use a user of its own, or start the "
    "program by a tool that confines it";

// The reason for `key`; kUnknownKey if the table has none. A key that ends with
// '*' stands for all that begin with it.
std::string_view ReasonFor(absl::Span<const KeyReason> table,
                           std::string_view key);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_REASONS_H_
