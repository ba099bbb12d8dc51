// Reads the fields of one process that the table of all processes does not
// have: its owner and its command line.

#ifndef TALLYMAN_PLATFORM_WINDOWS_DETAIL_READER_H_
#define TALLYMAN_PLATFORM_WINDOWS_DETAIL_READER_H_

#include <atomic>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "platform/arena.h"
#include "platform/process.h"
#include "platform/windows/account_names.h"
#include "platform/windows/command_line.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {

// What a lister finds out about the system, for all of its lists.
struct SystemFeatures {
  // False once the system has refused ProcessCommandLineInformation as unknown.
  std::atomic<bool> has_command_line_call{true};
};

// The reader of one list. Not thread-safe.
class DetailReader {
 public:
  // All must outlive the reader; `strings` must outlive the filled-in fields.
  DetailReader(WindowsSystem& system, SystemFeatures& features,
               AccountNames& account_names, Arena& strings)
      : system_(system),
        features_(features),
        account_names_(account_names),
        strings_(strings),
        command_lines_(system) {}

  // Fills in the arguments and the user of `process`, as far as `fields` has
  // them. The pid and start_ticks of `process` are those of the table. False if
  // this process has ended, also if another one has its pid now; `process` is
  // unchanged then. Fields that the caller may not read stay "". A process that
  // the caller may not open is taken for the one of the table, since a process
  // with this pid exists.
  //
  // Makes at most 5 system calls: open, 2 for the owner, 1 for the command
  // line, and 1 for the times, last: they show that the process of the table
  // has the pid and was still running when the rest was read. Further calls:
  // one to confirm that a process has ended, a lookup for each SID that is not
  // cached, and 4 or 5 where the system has no call for the command line.
  bool FillIn(Process& process, ProcessFields fields);

  // True if the system or the caller was out of memory or handles. FillIn()
  // makes no calls from then on.
  bool exhausted() const { return exhausted_; }

 private:
  class OpenedProcess;

  // False for kNotFound, and if the system is exhausted.
  bool Note(CallResult result);
  bool FillInFrom(const OpenedProcess& opened, ProcessFields fields,
                  Process& process);
  // Reads into `arguments_`.
  CallResult ReadArguments(const OpenedProcess& opened);
  std::string_view UserName(const std::string& sid);

  WindowsSystem& system_;
  SystemFeatures& features_;
  AccountNames& account_names_;
  Arena& strings_;
  CommandLineReader command_lines_;
  // The names of this list by SID. The views point into `strings_`.
  absl::flat_hash_map<std::string, std::string_view> users_;
  // Reused, so that a process costs no allocation.
  std::string sid_;
  std::string arguments_;
  bool exhausted_ = false;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_WINDOWS_DETAIL_READER_H_
