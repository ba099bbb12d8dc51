#include "tally/top/model/top_state.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tally/top/model/details_text.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/input.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/process_table.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/text_format.h"
#include "tally/top/model/text_pane.h"

namespace tallyman::tally {
namespace {

// The second key of "g p" comes within this time.
constexpr absl::Duration kSequence = absl::Milliseconds(1500);
// After so many intervals without a difference the scans found none.
constexpr int kQuietIntervals = 3;
constexpr int kWheelRows = 3;
constexpr size_t kMaxSearchBytes = 500;

// `text` without its last character in UTF-8.
std::string WithoutLast(std::string text) {
  while (!text.empty()) {
    const auto last = static_cast<unsigned char>(text.back());
    text.pop_back();
    if ((last & 0xc0) != 0x80) break;
  }
  return text;
}

std::string WithoutLastWord(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  while (!text.empty() && text.back() != ' ') text.pop_back();
  return text;
}

}  // namespace

TopState::TopState(TopOptions options)
    : options_(std::move(options)), stacks_(options_.key_prefix) {
  Resize(size_);
}

int TopState::list_rows() const {
  return std::max(1, size_.height - kListTop - 1);
}

const TopState::Connection& TopState::connection() const {
  return view_ == View::kProcesses ? process_feed_ : stack_feed_;
}

void TopState::Resize(ScreenSize size) {
  size_ = size;
  processes_.Resize(list_rows(), size.width);
  stacks_.Resize(list_rows());
  // A pane has the line of heads as its own.
  pane_text_.Resize(list_rows());
  UpdateWatch();
}

void TopState::UpdateWatch() {
  if (view_ != View::kProcesses || is_paused_) {
    if (watched_fields_) requests_.emplace_back(StopProcesses{});
    watched_fields_.reset();
    quiet_at_ = absl::InfiniteDuration();
    return;
  }
  std::vector<std::string> fields = processes_.Fields();
  // A stream with more keys than needed goes on.
  if (watched_fields_ &&
      std::includes(watched_fields_->begin(), watched_fields_->end(),
                    fields.begin(), fields.end())) {
    return;
  }
  watched_fields_ = fields;
  requests_.emplace_back(WatchProcesses{.fields = std::move(fields)});
}

std::vector<SourceRequest> TopState::TakeRequests() {
  for (SourceRequest& request : stacks_.TakeRequests()) {
    requests_.push_back(std::move(request));
  }
  return std::exchange(requests_, {});
}

void TopState::OnTime(const Moment& now) {
  if (now.steady >= quiet_at_) {
    quiet_at_ = absl::InfiniteDuration();
    processes_.Quiet();
  }
  if (now.steady >= stacks_.NextTime()) stacks_.OnTime(now);
}

absl::Duration TopState::NextTime(const Moment& now) const {
  absl::Duration next = std::min(quiet_at_, stacks_.NextTime());
  const bool has_ages =
      view_ == View::kStacks ||
      connection().status.state == FeedStatus::State::kWaiting ||
      log_status_.state == FeedStatus::State::kWaiting;
  if (has_ages) next = std::min(next, now.steady + absl::Seconds(1));
  return next;
}

void TopState::OnInput(const Input& input, const Moment& now) {
  if (const auto* key = std::get_if<Key>(&input)) {
    OnKey(*key, now);
  } else if (const auto* mouse = std::get_if<Mouse>(&input)) {
    OnMouse(*mouse, now);
  } else if (const auto* paste = std::get_if<Paste>(&input)) {
    OnPaste(*paste);
  }
  UpdateWatch();
}

void TopState::OnKey(const Key& key, const Moment& now) {
  if (key.IsControl("c")) {
    has_quit_ = true;
    was_interrupted_ = true;
  } else if (key.IsControl("z")) {
    wants_suspend_ = true;
  } else if (stacks_.confirmation()) {
    if (key.Is("y") || key.Is("Y")) {
      stacks_.Confirm(true, now);
    } else if (key.Is("n") || key.Is("N") || key.Is("q") ||
               key.code == KeyCode::kEscape) {
      stacks_.Confirm(false, now);
    }
  } else if (is_searching_) {
    OnSearchKey(key);
  } else if (!OnGlobalKey(key, now)) {
    if (pane_ != Pane::kNone) {
      OnPaneKey(key);
    } else if (view_ == View::kProcesses) {
      OnProcessesKey(key);
    } else {
      OnStacksKey(key, now);
    }
  }
}

bool TopState::OnGlobalKey(const Key& key, const Moment& now) {
  const bool has_prefix =
      std::exchange(has_prefix_, false) && now.steady < prefix_until_;
  if (has_prefix && (key.Is("p") || key.Is("s"))) {
    Show(key.Is("p") ? View::kProcesses : View::kStacks);
  } else if (key.Is("g")) {
    has_prefix_ = true;
    prefix_until_ = now.steady + kSequence;
  } else if (key.code == KeyCode::kTab) {
    Show(view_ == View::kProcesses ? View::kStacks : View::kProcesses);
  } else if (key.Is("q")) {
    has_quit_ = true;
  } else if (key.Is("?")) {
    if (pane_ == Pane::kHelp) {
      ClosePane();
    } else {
      ClosePane();
      pane_ = Pane::kHelp;
      pane_title_ = "Help";
      pane_text_.SetLines(HelpLines());
    }
  } else if (key.Is("R")) {
    requests_.emplace_back(RetryNow{});
  } else {
    return false;
  }
  return true;
}

void TopState::Show(View view) {
  ClosePane();
  view_ = view;
}

void TopState::ClosePane() {
  if (pane_ == Pane::kLog) requests_.emplace_back(StopLog{});
  pane_ = Pane::kNone;
  pane_text_.Clear();
  details_pid_ = 0;
  log_status_ = {};
}

void TopState::OnPaneKey(const Key& key) {
  if (key.code == KeyCode::kEscape || key.code == KeyCode::kEnter) {
    ClosePane();
  } else {
    pane_text_.OnKey(key);
  }
}

void TopState::SetDraft(std::string draft) {
  if (draft.size() > kMaxSearchBytes) return;
  search_draft_ = std::move(draft);
  processes_.SetSearch(search_draft_);
}

void TopState::OnSearchKey(const Key& key) {
  if (key.code == KeyCode::kText) {
    SetDraft(search_draft_ + key.text);
  } else if (key.code == KeyCode::kBackspace) {
    SetDraft(WithoutLast(search_draft_));
  } else if (key.IsControl("u")) {
    SetDraft("");
  } else if (key.IsControl("w")) {
    SetDraft(WithoutLastWord(search_draft_));
  } else if (key.code == KeyCode::kEscape) {
    SetDraft("");
    is_searching_ = false;
  } else if (key.code == KeyCode::kEnter || key.code == KeyCode::kTab) {
    is_searching_ = false;
  } else {
    processes_.OnKey(key);
  }
}

void TopState::OnProcessesKey(const Key& key) {
  if (key.Is("/")) {
    is_searching_ = true;
  } else if (key.Is("p")) {
    is_paused_ = !is_paused_;
  } else if (key.code == KeyCode::kEnter) {
    const ProcessRecord* const selected = processes_.selected();
    if (selected != nullptr) OpenDetails(selected->process.pid);
  } else if (key.code == KeyCode::kEscape) {
    SetDraft("");
  } else {
    processes_.OnKey(key);
  }
}

void TopState::OnStacksKey(const Key& key, const Moment& now) {
  if (stacks_.OnKey(key, now)) return;
  if (key.Is("l")) {
    if (std::optional<FollowLog> log = stacks_.SelectedLog()) {
      OpenLog(*std::move(log));
    }
  } else if (key.code == KeyCode::kEnter && stacks_.SelectedPid() != 0) {
    const int64_t pid = stacks_.SelectedPid();
    Show(View::kProcesses);
    processes_.SelectPid(pid);
    OpenDetails(pid);
  }
}

void TopState::OpenDetails(int64_t pid) {
  pane_ = Pane::kDetails;
  details_pid_ = pid;
  pane_title_ = absl::StrCat("Process ", pid);
  pane_text_.Clear();
  pane_text_.SetLines({{.text = "loading", .tone = Tone::kMuted}});
  requests_.emplace_back(QueryDetails{.pid = pid});
}

void TopState::OpenLog(FollowLog request) {
  pane_ = Pane::kLog;
  request.id = ++log_id_;
  pane_title_ = absl::StrCat("Log of ", ShownText(request.process));
  if (request.instance != 0) {
    absl::StrAppend(&pane_title_, ".", request.instance);
  }
  pane_text_.Clear();
  pane_text_.StickToEnd();
  log_status_ = {.feed = Feed::kLog};
  requests_.emplace_back(std::move(request));
}

void TopState::OnMouse(const Mouse& mouse, const Moment& now) {
  // A question is answered by keys, so that no click does it by chance.
  if (stacks_.confirmation()) return;
  const bool is_press = mouse.kind == Mouse::Kind::kPress;
  const int wheel =
      mouse.kind == Mouse::Kind::kWheelUp ? -kWheelRows : kWheelRows;
  if (is_press && mouse.y == kTitleLine) {
    const auto is_on = [&](const Tab& tab) {
      return mouse.x >= tab.x &&
             mouse.x < tab.x + static_cast<int>(tab.title.size());
    };
    if (is_on(kProcessesTab)) Show(View::kProcesses);
    if (is_on(kStacksTab)) Show(View::kStacks);
  } else if (pane_ != Pane::kNone) {
    if (!is_press) pane_text_.Scroll(wheel);
  } else if (!is_press) {
    if (view_ == View::kProcesses) {
      processes_.Scroll(wheel);
    } else {
      stacks_.Scroll(wheel);
    }
  } else if (mouse.y == kHeadLine && view_ == View::kProcesses) {
    processes_.ClickHeader(mouse.x);
  } else if (mouse.y == kSummaryLine && view_ == View::kProcesses) {
    is_searching_ = true;
  } else if (mouse.y >= kListTop && mouse.y < kListTop + list_rows()) {
    const int row = mouse.y - kListTop;
    const bool is_again =
        view_ == View::kProcesses ? processes_.Click(row) : stacks_.Click(row);
    if (is_again) OnKey({.code = KeyCode::kEnter}, now);
  }
}

// Pasted text is a search or nothing: keys in it would scale and restart.
void TopState::OnPaste(const Paste& paste) {
  if (!is_searching_) return;
  std::string text = paste.text;
  absl::c_replace_if(
      text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  SetDraft(search_draft_ + text);
}

void TopState::OnUpdate(SourceUpdate update, const Moment& now) {
  std::visit([&](auto& one) { Take(one, now); }, update);
  UpdateWatch();
}

void TopState::Take(ProcessSnapshot& snapshot, const Moment& now) {
  if (is_paused_) return;
  process_feed_.has_data = true;
  processes_.Apply(std::move(snapshot));
  quiet_at_ = now.steady + kQuietIntervals * options_.interval;
}

void TopState::Take(ProcessDifference& difference, const Moment& now) {
  if (is_paused_) return;
  processes_.Apply(difference);
  quiet_at_ = now.steady + kQuietIntervals * options_.interval;
  if (pane_ == Pane::kDetails) {
    requests_.emplace_back(QueryDetails{.pid = details_pid_});
  }
}

void TopState::Take(DetailsAnswer& answer, const Moment& now) {
  if (pane_ != Pane::kDetails || answer.pid != details_pid_) return;
  if (!answer.details) {
    pane_text_.SetLines(
        {{.text = ShownText(answer.error), .tone = Tone::kBad}});
    return;
  }
  pane_title_ = absl::StrCat("Process ", answer.pid, "  ",
                             ShownText(answer.details->process.name));
  pane_text_.SetLines(DetailsLines(*answer.details, processes_.table(),
                                   stacks_.Names(), size_.width, now.wall,
                                   options_.zone));
}

void TopState::Take(StackList& list, const Moment&) {
  stack_feed_.has_data = true;
  stacks_.Apply(std::move(list));
  processes_.SetStackNames(stacks_.Names());
}

void TopState::Take(StackContents& contents, const Moment&) {
  stacks_.Apply(std::move(contents));
}

void TopState::Take(StackEvent& event, const Moment& now) {
  stacks_.Apply(event, now);
}

void TopState::Take(EventGap&, const Moment&) { stacks_.AskForOpenActions(); }

void TopState::Take(LogLines& lines, const Moment&) {
  if (pane_ != Pane::kLog || lines.id != log_id_) return;
  for (const LogLine& line : lines.lines) {
    pane_text_.Append({.label = ShownText(line.name),
                       .colour = line.instance,
                       .text = ShownText(line.text, 4096)});
  }
}

void TopState::Take(ActionAccepted& accepted, const Moment& now) {
  stacks_.Apply(accepted, now);
}

void TopState::Take(ActionRefused& refused, const Moment&) {
  stacks_.Apply(refused);
}

void TopState::Take(ActionEnded& ended, const Moment& now) {
  stacks_.Apply(ended, now);
}

void TopState::Take(FeedStatus& status, const Moment& now) {
  if (status.feed == Feed::kLog) {
    if (pane_ == Pane::kLog) log_status_ = std::move(status);
    return;
  }
  Connection& connection =
      status.feed == Feed::kProcesses ? process_feed_ : stack_feed_;
  switch (status.state) {
    case FeedStatus::State::kLive:
      connection.lost_at = absl::InfiniteFuture();
      break;
    case FeedStatus::State::kWaiting:
    case FeedStatus::State::kRefused:
      connection.lost_at = std::min(connection.lost_at, now.wall);
      quiet_at_ = absl::InfiniteDuration();
      break;
    case FeedStatus::State::kConnecting:
      break;
  }
  // A new start of the stream is no loss of data: keep what is shown.
  if (status.feed == Feed::kStacks &&
      status.state == FeedStatus::State::kLive) {
    stacks_.AskForOpenActions();
  }
  connection.status = std::move(status);
}

}  // namespace tallyman::tally
