// The process lister of macOS, over any MacosSystem. ProcessLister::Create() of
// process_lister.cc uses the real one; tests use a fake on any system.

#ifndef TALLYMAN_PLATFORM_MACOS_MACOS_PROCESS_LISTER_H_
#define TALLYMAN_PLATFORM_MACOS_MACOS_PROCESS_LISTER_H_

#include <memory>

#include "platform/macos/macos_system.h"
#include "platform/process_lister.h"

namespace tallyman::platform {

// A lister with these properties, besides those of process_lister.h:
//
// - Lists run concurrently, each in the thread of its caller. A list of n
//   processes with all fields takes 1 + 3 n system calls and the lookups of the
//   users' names; a list of names, parents and start times takes 1 call.
// - A table of processes that has outgrown its buffer is read again. The buffer
//   has room for 1024 processes, or for an eighth more than the last list had.
// - A process that a condition or an order reads first, and that the list shows
//   with further fields, may cost a fourth call.
// - The list of chosen pids reads the table of all processes, too.
// - It keeps nothing open: kept_descriptors() is 0 and CloseKeptDescriptors()
//   returns false. Of the options only `user_name` has a meaning. Names are
//   looked up anew for each list, once for each user.
//
// What a field means:
//
// - name: p_comm, at most 16 bytes of the program's file name.
// - state: see StateOf() in kernel_records.h. kUnknown for processes of other
//   users, unless they are stopped or zombies.
// - peak_resident_bytes: ri_lifetime_max_phys_footprint, the peak of the memory
//   footprint, another measure than the resident size (ResourceUsage in
//   kernel_records.h); macOS has no peak of the resident size for other
//   processes. It may be below resident_bytes.
// - storage_read_bytes, storage_written_bytes: ri_diskio_bytesread and
//   ri_diskio_byteswritten.
// - resident_bytes, virtual_bytes, num_threads: pti_resident_size,
//   pti_virtual_size, pti_threadnum.
// - start_ticks: microseconds since 1970, from p_starttime. The system sets it
//   once, so the ticks stay the same when the clock is changed.
// - zombies: no threads, no memory, no arguments; processor time and storage
//   I/O are unknown.
// - processes of other users, without root's rights: threads, memory, processor
//   time, storage I/O, arguments and state are unknown.
// - pid 0 is kernel_task. Its parent is 0, as the system says.
//
// `user_name` as in ProcessLister::Options; null means system->UserName().
std::unique_ptr<ProcessLister> MakeMacosProcessLister(
    std::unique_ptr<MacosSystem> system, ProcessLister::Options options);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_MACOS_MACOS_PROCESS_LISTER_H_
