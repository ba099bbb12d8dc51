// Actions from asked to finished, as their events show them.

#ifndef TALLYMAN_TALLY_TOP_MODEL_ACTION_LIST_H_
#define TALLYMAN_TALLY_TOP_MODEL_ACTION_LIST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/stack_values.h"

namespace tallyman::tally {

// What an action does, from its text: "scale web to 5 on vm".
struct ActionSummary {
  std::string process;                          // "": all, or the stack.
  int64_t instance = 0;                         // 0: all.
  std::optional<int64_t> count = std::nullopt;  // Of a scale on one server.
};
ActionSummary SummaryOf(std::string_view text);

struct TrackedAction {
  enum class State : uint8_t { kSent, kOpen, kDone, kFailed, kSuperseded };

  std::string key;  // "" if it was asked elsewhere.
  int64_t id = 0;   // 0: not known yet.
  std::string stack_uid;
  std::string text;
  ActionSummary summary;
  std::optional<int64_t> from = std::nullopt;  // Wanted before a scale.
  State state = State::kSent;
  std::string message = {};  // The result.
  Moment began = {};
  int64_t started = 0;  // Instances, since then.
  int64_t stopped = 0;
  int64_t ended = 0;  // By themselves.
  // When a result without a fault is dropped; of the steady clock.
  absl::Duration drop_at = absl::InfiniteDuration();
  // When the server is asked for the result of an open action, if no event says
  // that it has ended; of the steady clock.
  absl::Duration ask_at = absl::InfiniteDuration();

  bool is_open() const {
    return state == State::kSent || state == State::kOpen;
  }
};

// "3 started, 1 stopped"; "" at first.
std::string CountsOf(const TrackedAction& action);

// Not thread-safe.
class ActionList {
 public:
  // A result without a fault is shown for this time.
  static constexpr absl::Duration kShown = absl::Seconds(8);
  // An open action is asked for so often, besides at its event: an answer may
  // get lost.
  static constexpr absl::Duration kAskAgain = absl::Seconds(10);

  // Takes up a request that is being sent. It takes the place of the results
  // of the same process.
  void Add(std::string key, std::string stack_uid, std::string text,
           std::optional<int64_t> from, const Moment& now);
  void Apply(const ActionAccepted& accepted, const Moment& now);
  void Apply(const ActionRefused& refused);
  void Apply(const ActionEnded& ended, const Moment& now);
  // Returns an action whose result is to be asked for.
  std::optional<QueryAction> Apply(const StackEvent& event, const Moment& now);

  // The open actions, whose events may have been missed.
  std::vector<QueryAction> Open() const;

  // Drops failed ones of a stack, and "" of all. False if there are none.
  bool Dismiss(std::string_view stack_uid);
  // Drops results that were shown long enough. Returns the actions to ask for.
  std::vector<QueryAction> OnTime(const Moment& now);
  // When OnTime() has to be called.
  absl::Duration NextTime() const;

  const std::vector<TrackedAction>& actions() const { return actions_; }

 private:
  TrackedAction* Find(std::string_view key);

  std::vector<TrackedAction> actions_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_ACTION_LIST_H_
