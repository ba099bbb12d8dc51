#include "tally/top/model/action_list.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/stack_values.h"

namespace tallyman::tally {

// "scale web to 5 on vm", "restart instance 2 of web on vm", "restart all
// processes", "signal HUP to web".
ActionSummary SummaryOf(std::string_view text) {
  const std::vector<std::string_view> words = absl::StrSplit(text, ' ');
  ActionSummary summary;
  if (words.size() >= 6 && words[0] == "scale" && words[2] == "to") {
    summary.process = std::string(words[1]);
    int64_t count = 0;
    // More than one server has more than one count: "to 5 on a, 2 on b".
    if (!absl::StrContains(text, ", ") && absl::SimpleAtoi(words[3], &count)) {
      summary.count = count;
    }
    return summary;
  }
  size_t at = 0;
  if (words[0] == "restart" || words[0] == "pause" || words[0] == "resume") {
    at = 1;
  } else if (words[0] == "signal" && words.size() > 3 && words[2] == "to") {
    at = 3;
  } else {
    return summary;
  }
  if (at + 3 < words.size() && words[at] == "instance" &&
      words[at + 2] == "of" &&
      absl::SimpleAtoi(words[at + 1], &summary.instance)) {
    at += 3;
  }
  if (at >= words.size()) return summary;
  const bool is_all = words[at] == "all" && at + 1 < words.size();
  if (!is_all) summary.process = std::string(words[at]);
  return summary;
}

std::string CountsOf(const TrackedAction& action) {
  std::vector<std::string> parts;
  if (action.started > 0) {
    parts.push_back(absl::StrCat(action.started, " started"));
  }
  if (action.stopped > 0) {
    parts.push_back(absl::StrCat(action.stopped, " stopped"));
  }
  if (action.ended > 0) {
    parts.push_back(absl::StrCat(action.ended, " ended"));
  }
  return absl::StrJoin(parts, ", ");
}

TrackedAction* ActionList::Find(std::string_view key) {
  const auto it = absl::c_find_if(
      actions_, [&](const TrackedAction& one) { return one.key == key; });
  return it == actions_.end() ? nullptr : &*it;
}

void ActionList::Add(std::string key, std::string stack_uid, std::string text,
                     std::optional<int64_t> from, const Moment& now) {
  ActionSummary summary = SummaryOf(text);
  std::erase_if(actions_, [&](const TrackedAction& one) {
    return !one.is_open() && one.stack_uid == stack_uid &&
           (summary.process.empty() || one.summary.process == summary.process);
  });
  actions_.push_back({.key = std::move(key),
                      .stack_uid = std::move(stack_uid),
                      .text = std::move(text),
                      .summary = std::move(summary),
                      .from = from,
                      .began = now});
}

void ActionList::Apply(const ActionAccepted& accepted, const Moment& now) {
  TrackedAction* const mine = Find(accepted.key);
  if (mine == nullptr) return;
  mine->id = accepted.action_id;
  mine->state = TrackedAction::State::kOpen;
  mine->ask_at = now.steady + kAskAgain;
  // The event of the action may have come before the answer.
  const auto from_event =
      absl::c_find_if(actions_, [&](const TrackedAction& one) {
        return one.id == accepted.action_id && &one != mine;
      });
  if (from_event == actions_.end()) return;
  mine->started = from_event->started;
  mine->stopped = from_event->stopped;
  mine->ended = from_event->ended;
  actions_.erase(from_event);
}

void ActionList::Apply(const ActionRefused& refused) {
  TrackedAction* const mine = Find(refused.key);
  if (mine == nullptr) return;
  mine->state = TrackedAction::State::kFailed;
  mine->message = refused.message;
}

void ActionList::Apply(const ActionEnded& ended, const Moment& now) {
  for (TrackedAction& action : actions_) {
    if (action.id != ended.action_id || !action.is_open()) continue;
    action.message = ended.message;
    action.ask_at = absl::InfiniteDuration();
    if (ended.success) {
      action.state = TrackedAction::State::kDone;
    } else if (absl::StartsWith(ended.message, "superseded")) {
      action.state = TrackedAction::State::kSuperseded;
    } else {
      action.state = TrackedAction::State::kFailed;
    }
    if (action.state != TrackedAction::State::kFailed) {
      action.drop_at = now.steady + kShown;
    }
  }
}

std::optional<QueryAction> ActionList::Apply(const StackEvent& event,
                                             const Moment& now) {
  if (event.stack_uid.empty()) return std::nullopt;
  if (event.event == "action_started" && event.action_id != 0) {
    const bool is_known = absl::c_any_of(
        actions_,
        [&](const TrackedAction& one) { return one.id == event.action_id; });
    if (!is_known) {
      actions_.push_back({.id = event.action_id,
                          .stack_uid = event.stack_uid,
                          .text = event.cause,
                          .summary = SummaryOf(event.cause),
                          .state = TrackedAction::State::kOpen,
                          .began = now,
                          .ask_at = now.steady + kAskAgain});
    }
    return std::nullopt;
  }
  if (event.event == "action_finished") {
    const bool is_open =
        absl::c_any_of(actions_, [&](const TrackedAction& one) {
          return one.id == event.action_id && one.is_open();
        });
    if (!is_open) return std::nullopt;
    return QueryAction{.stack_uid = event.stack_uid,
                       .action_id = event.action_id};
  }
  int64_t TrackedAction::*count = nullptr;
  if (event.event == "started" || event.event == "restarted") {
    count = &TrackedAction::started;
  } else if (event.event == "stopped") {
    count = &TrackedAction::stopped;
  } else if (event.event == "exited" || event.event == "start_failed" ||
             event.event == "lost") {
    count = &TrackedAction::ended;
  } else {
    return std::nullopt;
  }
  for (TrackedAction& action : actions_) {
    const ActionSummary& summary = action.summary;
    if (action.is_open() && action.stack_uid == event.stack_uid &&
        (summary.process.empty() || summary.process == event.process) &&
        (summary.instance == 0 || summary.instance == event.instance)) {
      ++(action.*count);
    }
  }
  return std::nullopt;
}

std::vector<QueryAction> ActionList::Open() const {
  std::vector<QueryAction> open;
  for (const TrackedAction& action : actions_) {
    if (action.state == TrackedAction::State::kOpen) {
      open.push_back({.stack_uid = action.stack_uid, .action_id = action.id});
    }
  }
  return open;
}

bool ActionList::Dismiss(std::string_view stack_uid) {
  return std::erase_if(actions_, [&](const TrackedAction& one) {
           return !one.is_open() &&
                  (stack_uid.empty() || one.stack_uid == stack_uid);
         }) > 0;
}

std::vector<QueryAction> ActionList::OnTime(const Moment& now) {
  std::erase_if(actions_, [&](const TrackedAction& one) {
    return one.drop_at <= now.steady;
  });
  std::vector<QueryAction> queries;
  for (TrackedAction& action : actions_) {
    if (action.ask_at > now.steady) continue;
    action.ask_at = now.steady + kAskAgain;
    queries.push_back({.stack_uid = action.stack_uid, .action_id = action.id});
  }
  return queries;
}

absl::Duration ActionList::NextTime() const {
  absl::Duration next = absl::InfiniteDuration();
  for (const TrackedAction& action : actions_) {
    next = std::min({next, action.drop_at, action.ask_at});
  }
  return next;
}

}  // namespace tallyman::tally
