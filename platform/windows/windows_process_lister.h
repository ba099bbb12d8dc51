// The process lister of Windows, on any implementation of the system's calls.
// Programs use platform/process_lister.h; tests pass a fake:
//
//   auto system = std::make_unique<FakeWindowsSystem>();
//   const std::unique_ptr<ProcessLister> lister =
//       MakeWindowsProcessLister(std::move(system));
//
// Each list takes the table of all processes by one call: pid, parent, name,
// threads, times, memory and io of all processes are of the same moment. Only
// the user and the arguments need further calls for each process
// (detail_reader.h). A list of chosen pids reads the whole table as well, since
// Windows has no smaller one.
//
// Values, where they differ from process.h:
//
//   name         the file name of the program; "System Idle Process" for pid 0
//   parent_pid   may be the pid of a process that has ended; -1 if a process
//                that started later has this pid
//   arguments    the command line, one string with spaces and quotation marks
//                as the parent wrote them; what programs make of it is up to
//                them. At most 96 KiB (command_line.h)
//   user         the account name without its domain (account_names.h)
//   state        kUnknown: Windows has states of threads, not of processes
//   resident_bytes, peak_resident_bytes
//                the working set, including pages shared with other processes
//   virtual_bytes
//                the used address space, of which much may be reserved only: it
//                exceeds the machine's memory where a program reserves
//                terabytes
//   storage_read_bytes, storage_written_bytes
//                all reads and writes: of files, pipes, sockets and devices,
//                also those that caches serve. Windows does not count storage
//                separately
//   start_ticks  100 ns since 1601; -1 for pid 0
//
// Text that is not UTF-16 is shown with U+FFFD; all strings are valid UTF-8.

#ifndef TALLYMAN_PLATFORM_WINDOWS_WINDOWS_PROCESS_LISTER_H_
#define TALLYMAN_PLATFORM_WINDOWS_WINDOWS_PROCESS_LISTER_H_

#include <memory>

#include "platform/process_lister.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {

// Thread-safe; lists run concurrently. List() returns Unavailable if the caller
// or the system is out of memory or handles, or if the table grows faster than
// it can be read; Internal if the table cannot be read or is malformed.
//
// The lister keeps no handles open: kept_descriptors() is 0.
std::unique_ptr<ProcessLister> MakeWindowsProcessLister(
    std::unique_ptr<WindowsSystem> system);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_WINDOWS_WINDOWS_PROCESS_LISTER_H_
