// Processes that have nothing to do with the server, and tell if anybody
// signals them.

#ifndef TALLYMAN_TOOLS_CHAOS_BYSTANDERS_H_
#define TALLYMAN_TOOLS_CHAOS_BYSTANDERS_H_

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "platform/base/unique_fd.h"
#include "tools/chaos/children.h"

namespace tallyman::chaos {

// If this process was started as a bystander, is one, and does not return:
// exits with 0 when its standard input ends, and with 64 and the number of the
// signal if it gets one.
void BecomeBystanderIfAsked(char** argv);

// Not thread-safe.
class Bystanders {
 public:
  // `children` must outlive it.
  explicit Bystanders(Children& children) : children_(children) {}
  // Ends those that are left.
  ~Bystanders();
  Bystanders(const Bystanders&) = delete;
  Bystanders& operator=(const Bystanders&) = delete;

  // One more, in a session of its own, with these arguments and environment.
  absl::Status Start(const std::vector<std::string>& arguments,
                     std::vector<std::string> environment);

  // Their pids: they are not the server's, whatever they look like.
  std::set<pid_t> pids() const;

  // What happened to them; empty if nothing did.
  std::vector<std::string> Check() const;

  // Ends the youngest; what went wrong with it.
  std::vector<std::string> EndYoungest();
  std::vector<std::string> EndAll();

 private:
  struct Bystander {
    pid_t pid;
    base::UniqueFd input;  // Closing it is its end.
    std::string name;
  };

  Children& children_;
  std::vector<Bystander> running_;
};

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_BYSTANDERS_H_
