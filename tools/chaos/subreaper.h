// A parent for the driver that waits for orphans.

#ifndef TALLYMAN_TOOLS_CHAOS_SUBREAPER_H_
#define TALLYMAN_TOOLS_CHAOS_SUBREAPER_H_

namespace tallyman::chaos {

// Forks, and returns in the child. The parent becomes a child subreaper
// (PR_SET_CHILD_SUBREAPER, prctl(2)): it waits for the children that a killed
// keeper leaves behind, so that no run depends on process 1 of the machine. It
// exits as the child does: with its exit code, or 128 and the number
// of the signal. The child is killed if the parent is.
//
// To be called while there is one thread.
void RunBelowSubreaper();

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_SUBREAPER_H_
