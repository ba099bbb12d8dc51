// Processes that have nothing to do with the server, and report any signal that
// they get.

#ifndef TALLYMAN_TOOLS_CHAOS_BYSTANDERS_H_
#define TALLYMAN_TOOLS_CHAOS_BYSTANDERS_H_

#include <sys/types.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "platform/base/unique_fd.h"
#include "tools/harness/child_process.h"

namespace tallyman::chaos {

// To be called first in main(). If this process was started as a bystander, it
// becomes one: does not return, and exits with 0 when its standard input ends,
// or with 64 and the number of the signal if it gets one.
void BecomeBystanderIfAsked(char** argv);

// Not thread-safe. The destructor ends those that are left.
class Bystanders {
 public:
  Bystanders() = default;
  ~Bystanders() { EndAll(); }
  Bystanders(const Bystanders&) = delete;
  Bystanders& operator=(const Bystanders&) = delete;

  // Starts a process whose arguments are those of an instance.
  absl::Status StartNamesake();
  // Starts processes that are easily mistaken: one with the environment of an
  // instance of another server, one with that of an instance of `stack_uid`,
  // and one with the arguments of a keeper. Only their parent, this process,
  // shows that the server did not start them.
  absl::Status StartLookalikes(std::string_view stack_uid);

  std::set<pid_t> pids() const;

  // Problems: signals that any has got so far.
  std::vector<std::string> Check();

  // Ends the youngest, or all; problems: signals that they have got.
  std::vector<std::string> EndYoungest();
  std::vector<std::string> EndAll();

 private:
  struct Bystander {
    std::unique_ptr<harness::ChildProcess> child;
    base::UniqueFd input;  // The bystander ends when this is closed.
    std::string name;
  };

  // Starts one more, in a session of its own.
  absl::Status Start(std::vector<std::string> arguments,
                     std::vector<std::string> environment);

  std::vector<Bystander> running_;
};

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_BYSTANDERS_H_
