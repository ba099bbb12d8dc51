// Sends the signals that open actions ask for, each at most once: the intention
// is durable before the signal is sent. A server that ended in between leaves
// an action whose signal may have been sent or not; the next one says so, and
// does not send it again.

#ifndef TALLYMAN_STACKS_SUPERVISOR_SIGNALLER_H_
#define TALLYMAN_STACKS_SUPERVISOR_SIGNALLER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stacks/model/registry.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_table.h"
#include "stacks/supervisor/journal.h"

namespace tallyman::stacks {

// The end of a target of an action that sends a signal.
struct SignalResult {
  bool success = false;
  std::string message;
};
// By action and process.
using SignalResults = std::map<std::pair<int64_t, std::string>, SignalResult>;

// Not thread-safe: belongs to the supervisor's thread.
class Signaller {
 public:
  // `last_signal`: InstanceStore::LastSignal() when this server began. The
  // others must outlive the signaller.
  Signaller(std::string server_uid, int64_t last_signal, InstanceTable& table,
            Journal& journal)
      : server_uid_(std::move(server_uid)),
        last_signal_(last_signal),
        table_(table),
        journal_(journal) {}

  // Puts the signals of the new actions of `snapshot` for this server into the
  // journal. Those for the instances that run now are sent after its next
  // commit, to the first process of each.
  void Apply(const RegistrySnapshot& snapshot);

  // Of the open actions whose signals were sent.
  const SignalResults& results() const { return results_; }

 private:
  // A process that is about to get a signal.
  struct Recipient {
    Instance* instance;
    std::string launch;  // Its process, which may have ended until then.
  };

  void Apply(const Action& action, const ActionTarget& target);
  void Send(const Action& action, const ActionTarget& target,
            const std::vector<Recipient>& recipients);
  void End(int64_t action_id, const std::string& process, SignalResult result);

  const std::string server_uid_;
  const int64_t last_signal_;
  InstanceTable& table_;
  Journal& journal_;
  // The actions that were applied and are open, and their results.
  std::map<int64_t, std::shared_ptr<const Action>> applied_;
  SignalResults results_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_SIGNALLER_H_
