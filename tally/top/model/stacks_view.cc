#include "tally/top/model/stacks_view.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tally/top/model/action_list.h"
#include "tally/top/model/input.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/stack_rows.h"
#include "tally/top/model/stack_values.h"
#include "tally/top/model/text_format.h"

namespace tallyman::tally {

StacksView::StacksView(std::string key_prefix)
    : key_prefix_(std::move(key_prefix)) {}

void StacksView::Apply(StackList list) {
  // What is known of a stack stays until its contents come.
  for (Stack& stack : list.stacks) {
    const auto it = absl::c_find_if(
        stacks_, [&](const Stack& one) { return one.uid == stack.uid; });
    if (it == stacks_.end()) continue;
    stack.is_loaded = it->is_loaded;
    stack.servers = std::move(it->servers);
    stack.processes = std::move(it->processes);
  }
  stacks_ = std::move(list.stacks);
  is_loaded_ = true;
  Rebuild();
}

void StacksView::Apply(StackContents contents) {
  const auto it = absl::c_find_if(
      stacks_, [&](const Stack& one) { return one.uid == contents.uid; });
  if (it == stacks_.end()) return;
  it->is_loaded = true;
  it->servers = std::move(contents.servers);
  it->processes = std::move(contents.processes);
  // A number whose request was answered is now shown by the counts.
  std::erase_if(steps_, [&](const auto& one) {
    const auto& [key, step] = one;
    return std::get<0>(key) == it->uid && !step.due && step.key.empty();
  });
  Rebuild();
}

void StacksView::Apply(const StackEvent& event, const Moment& now) {
  if (std::optional<QueryAction> query = actions_.Apply(event, now)) {
    requests_.push_back(*std::move(query));
  }
  Rebuild();
}

void StacksView::Apply(const ActionAccepted& accepted, const Moment& now) {
  actions_.Apply(accepted, now);
  for (auto& [key, step] : steps_) {
    if (step.key == accepted.key) step.key.clear();
  }
  Rebuild();
}

void StacksView::Apply(const ActionRefused& refused) {
  actions_.Apply(refused);
  std::erase_if(steps_,
                [&](const auto& one) { return one.second.key == refused.key; });
  Rebuild();
}

void StacksView::Apply(const ActionEnded& ended, const Moment& now) {
  actions_.Apply(ended, now);
  Rebuild();
}

void StacksView::AskForOpenActions() {
  for (QueryAction& query : actions_.Open()) {
    requests_.emplace_back(std::move(query));
  }
}

void StacksView::Resize(int rows) {
  shown_rows_ = rows;
  cursor_.Select(cursor_.selected, static_cast<int>(rows_.size()), rows);
}

StacksView::RowId StacksView::IdOf(const StackRow& row) {
  return {row.kind, row.stack->uid,
          row.process == nullptr ? "" : row.process->name,
          row.server ? row.server->name : "",
          row.instance == nullptr ? 0 : row.instance->number};
}

StacksView::StepKey StacksView::StepKeyOf(const StackRow& row) {
  return {row.stack->uid, row.process->name, row.server->name};
}

const StackRow* StacksView::selected() const {
  const auto row = static_cast<size_t>(cursor_.selected);
  return row < rows_.size() ? &rows_[row] : nullptr;
}

const Step* StacksView::FindStep(const StackRow& row) const {
  if (row.process == nullptr || !row.server) return nullptr;
  const auto it = steps_.find(StepKeyOf(row));
  return it == steps_.end() ? nullptr : &it->second;
}

bool StacksView::IsOpen(const StackRow& row) const { return open_.IsOpen(row); }

void StacksView::Rebuild() {
  rows_ = BuildStackRows(stacks_, actions_.actions(), open_);
  int row = cursor_.selected;
  if (selected_) {
    const auto it = absl::c_find_if(rows_, [&](const StackRow& one) {
      return one.is_selectable() && IdOf(one) == *selected_;
    });
    if (it != rows_.end()) row = static_cast<int>(it - rows_.begin());
  }
  cursor_.Select(row, static_cast<int>(rows_.size()), shown_rows_);
}

void StacksView::Select(int row) {
  cursor_.Select(row, static_cast<int>(rows_.size()), shown_rows_);
  if (selected() != nullptr) selected_ = IdOf(*selected());
}

// Moves by `delta`, and on to the next row that can be selected.
void StacksView::Move(int delta) {
  const auto count = static_cast<int>(rows_.size());
  if (count == 0) return;
  const auto can_select = [&](int row) {
    return rows_[static_cast<size_t>(row)].is_selectable();
  };
  const int step = delta < 0 ? -1 : 1;
  int row = std::clamp(cursor_.selected + delta, 0, count - 1);
  while (row >= 0 && row < count && !can_select(row)) row += step;
  if (row < 0 || row >= count) {
    // None is left in that direction: take the last one before the end.
    row = std::clamp(row, 0, count - 1);
    while (row > 0 && row < count && !can_select(row)) row -= step;
  }
  Select(row);
}

bool StacksView::Click(int row) {
  const int index = cursor_.top + row;
  if (index >= static_cast<int>(rows_.size()) ||
      !rows_[static_cast<size_t>(index)].is_selectable()) {
    return false;
  }
  const bool was_selected = selected_ && index == cursor_.selected;
  Select(index);
  return was_selected;
}

void StacksView::Scroll(int rows) { Move(rows); }

void StacksView::Toggle(const StackRow& row) {
  open_.Toggle(row);
  selected_ = IdOf(row);
  Rebuild();
}

bool StacksView::OnKey(const Key& key, const Moment& now) {
  const StackRow* const row = selected();
  constexpr int kAll = 1 << 20;
  if (key.code == KeyCode::kDown || key.Is("j")) {
    Move(1);
  } else if (key.code == KeyCode::kUp || key.Is("k")) {
    Move(-1);
  } else if (key.code == KeyCode::kPageDown) {
    Move(shown_rows_);
  } else if (key.code == KeyCode::kPageUp) {
    Move(-shown_rows_);
  } else if (key.code == KeyCode::kHome) {
    Move(-kAll);
  } else if (key.code == KeyCode::kEnd) {
    Move(kAll);
  } else if (row == nullptr) {
    return false;
  } else if (key.code == KeyCode::kEscape) {
    const std::string uid = row->stack->uid;
    if (!CancelStep(*row)) actions_.Dismiss(uid);
    Rebuild();
  } else if (key.code == KeyCode::kEnter || key.Is(" ")) {
    if (row->kind == StackRow::Kind::kInstance) return false;
    Toggle(*row);
  } else if (key.code == KeyCode::kRight) {
    if (row->kind != StackRow::Kind::kInstance && !IsOpen(*row)) Toggle(*row);
  } else if (key.code == KeyCode::kLeft) {
    if (row->kind != StackRow::Kind::kInstance && IsOpen(*row)) Toggle(*row);
  } else if (key.Is("+") || key.Is("=")) {
    StepBy(*row, 1, now);
  } else if (key.Is("-")) {
    StepBy(*row, -1, now);
  } else if (key.Is("r")) {
    AskRestart(*row, now);
  } else if (key.Is("p")) {
    AskPause(*row, now);
  } else {
    return false;
  }
  return true;
}

void StacksView::StepBy(const StackRow& row, int delta, const Moment& now) {
  if (row.process == nullptr || !row.server) return;
  const StepKey step_key = StepKeyOf(row);
  const auto it = steps_.find(step_key);
  Step step{.count = row.server->wanted, .from = row.server->wanted};
  if (it != steps_.end()) {
    step = it->second;
    // The number that was sent is the one that the person sees.
    if (!step.due) step.from = step.count;
  }
  step.count = std::max<int64_t>(0, step.count + delta);
  step.due = now.steady + kStepWait;
  step.key.clear();
  if (step.count == step.from) {
    steps_.erase(step_key);
  } else {
    steps_[step_key] = std::move(step);
  }
}

bool StacksView::CancelStep(const StackRow& row) {
  const Step* const step = FindStep(row);
  if (step == nullptr || !step->due) return false;
  steps_.erase(StepKeyOf(row));
  return true;
}

void StacksView::OnTime(const Moment& now) {
  // One question at a time: the other numbers wait.
  if (!confirmation_) {
    for (auto& [key, step] : steps_) {
      if (step.due && *step.due <= now.steady) SendStep(key, step, now);
      if (confirmation_) break;
    }
  }
  for (QueryAction& query : actions_.OnTime(now)) {
    requests_.emplace_back(std::move(query));
  }
  Rebuild();
}

absl::Duration StacksView::NextTime() const {
  absl::Duration next = actions_.NextTime();
  if (confirmation_) return next;
  for (const auto& [key, step] : steps_) {
    if (step.due) next = std::min(next, *step.due);
  }
  return next;
}

void StacksView::SendStep(const StepKey& step_key, Step& step,
                          const Moment& now) {
  const auto& [uid, process, server] = step_key;
  step.due.reset();
  step.key = NewKey();
  ScaleProcess request{.key = step.key,
                       .stack_uid = uid,
                       .process = process,
                       .server_name = server,
                       .server_uid = server,
                       .count = step.count,
                       .from = step.from};
  for (const Stack& stack : stacks_) {
    if (stack.uid != uid) continue;
    for (const StackServer& one : stack.servers) {
      if (one.name == server) request.server_uid = one.uid;
    }
  }
  std::string text =
      absl::StrCat("scale ", process, " to ", step.count, " on ", server);
  if (step.count > 0) {
    Send(std::move(request), std::move(text), step.from, now);
    return;
  }
  confirmation_ = {.question = absl::StrCat(
                       "Stop ", Plural(step.from, "instance", "instances"),
                       " of ", process, " on ", server, "?"),
                   .request = std::move(request),
                   .action_text = std::move(text),
                   .from = step.from};
}

ControlProcess StacksView::Control(const StackRow& row, std::string command) {
  ControlProcess control{.key = NewKey(),
                         .command = std::move(command),
                         .stack_uid = row.stack->uid};
  if (row.process != nullptr) control.process = row.process->name;
  if (row.instance != nullptr) {
    control.instance = row.instance->number;
    if (row.server) control.server_uid = row.server->uid;
  }
  return control;
}

void StacksView::AskRestart(const StackRow& row, const Moment& now) {
  if (row.process == nullptr) {
    int64_t running = 0;
    for (const StackProcess& process : row.stack->processes) {
      running += Sum(process.running);
    }
    confirmation_ = {.question = absl::StrCat(
                         "Restart ", Plural(running, "instance", "instances"),
                         " of all processes of ", row.stack->name, "?"),
                     .request = Control(row, "restart"),
                     .action_text = "restart all processes"};
    return;
  }
  const std::string& name = row.process->name;
  if (row.instance != nullptr) {
    Send(Control(row, "process_restart"),
         absl::StrCat("restart instance ", row.instance->number, " of ", name),
         std::nullopt, now);
    return;
  }
  if (row.process->instances.empty()) return;
  confirmation_ = {.question = absl::StrCat("Restart ",
                                            Plural(Sum(row.process->running),
                                                   "instance", "instances"),
                                            " of ", name, "?"),
                   .request = Control(row, "process_restart"),
                   .action_text = absl::StrCat("restart ", name)};
}

void StacksView::AskPause(const StackRow& row, const Moment& now) {
  if (row.process == nullptr) return;
  const std::string& name = row.process->name;
  const int64_t running = Sum(row.process->running);
  const int64_t paused = Sum(row.process->paused);
  if (row.instance != nullptr) {
    const bool is_paused = row.instance->state == "paused";
    if (!is_paused && row.instance->state != "running") return;
    const std::string_view verb = is_paused ? "resume" : "pause";
    Send(Control(row, absl::StrCat("process_", verb)),
         absl::StrCat(verb, " instance ", row.instance->number, " of ", name),
         std::nullopt, now);
    return;
  }
  if (paused > 0) {
    Send(Control(row, "process_resume"), absl::StrCat("resume ", name),
         std::nullopt, now);
  } else if (running > 0) {
    confirmation_ = {.question = absl::StrCat(
                         "Pause ", Plural(running, "instance", "instances"),
                         " of ", name, "?"),
                     .request = Control(row, "process_pause"),
                     .action_text = absl::StrCat("pause ", name)};
  }
}

void StacksView::Confirm(bool agrees, const Moment& now) {
  if (!confirmation_) return;
  Confirmation asked = *std::exchange(confirmation_, std::nullopt);
  if (agrees) {
    Send(std::move(asked.request), std::move(asked.action_text), asked.from,
         now);
  } else if (const auto* scale = std::get_if<ScaleProcess>(&asked.request)) {
    std::erase_if(
        steps_, [&](const auto& one) { return one.second.key == scale->key; });
  }
  Rebuild();
}

void StacksView::Send(SourceRequest request, std::string text,
                      std::optional<int64_t> from, const Moment& now) {
  std::visit(
      [&](const auto& one) {
        using Request = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<Request, ScaleProcess> ||
                      std::is_same_v<Request, ControlProcess>) {
          actions_.Add(one.key, one.stack_uid, std::move(text), from, now);
        }
      },
      request);
  requests_.push_back(std::move(request));
  Rebuild();
}

std::string StacksView::NewKey() {
  return absl::StrCat(key_prefix_, "-", next_key_++);
}

std::vector<SourceRequest> StacksView::TakeRequests() {
  return std::exchange(requests_, {});
}

std::optional<FollowLog> StacksView::SelectedLog() const {
  const StackRow* const row = selected();
  if (row == nullptr || row->process == nullptr) return std::nullopt;
  return FollowLog{
      .stack_uid = row->stack->uid,
      .process = row->process->name,
      .instance = row->instance == nullptr ? 0 : row->instance->number};
}

int64_t StacksView::SelectedPid() const {
  const StackRow* const row = selected();
  return row == nullptr || row->instance == nullptr ? 0 : row->instance->pid;
}

StackNames StacksView::Names() const {
  StackNames names;
  for (const Stack& stack : stacks_) names[stack.uid] = stack.name;
  return names;
}

}  // namespace tallyman::tally
