// The state of tally top, in plain values: views, panes, questions, connection.
// It changes by what a person does, by what the source of data sends, and by
// time; and it asks the source for what it needs.
//
//   TopState state({.server = "http://127.0.0.1:8880"});
//   state.Resize({.width = 80, .height = 24});
//   state.OnInput(Key{.code = KeyCode::kText, .text = "t"}, now);
//   state.OnUpdate(update, now);
//   for (SourceRequest& request : state.TakeRequests()) source.Send(request);

#ifndef TALLYMAN_TALLY_TOP_MODEL_TOP_STATE_H_
#define TALLYMAN_TALLY_TOP_MODEL_TOP_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tally/top/model/input.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/process_view.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/stacks_view.h"
#include "tally/top/model/text_pane.h"

namespace tallyman::tally {

// In cells.
struct ScreenSize {
  int width = 80;
  int height = 24;

  friend bool operator==(const ScreenSize&, const ScreenSize&) = default;
};

// The lines of the screen, from the top: title with tabs, summary or search,
// heads of columns, the list or a pane, keys or a question.
inline constexpr int kTitleLine = 0;
inline constexpr int kSummaryLine = 1;
inline constexpr int kHeadLine = 2;
inline constexpr int kListTop = 3;
// A smaller screen shows only that it is too small.
inline constexpr ScreenSize kMinSize = {.width = 30, .height = 6};

// The tabs of the title, for mouse and screen.
struct Tab {
  std::string_view title;
  int x;
};
inline constexpr Tab kProcessesTab = {.title = "Processes", .x = 7};
inline constexpr Tab kStacksTab = {.title = "Stacks", .x = 18};

struct TopOptions {
  std::string server;      // For the title.
  std::string key_prefix;  // See StacksView.
  absl::TimeZone zone = absl::UTCTimeZone();
  absl::Duration interval = absl::Seconds(2);  // Of the scans.
};

// Not thread-safe.
class TopState {
 public:
  enum class View : uint8_t { kProcesses, kStacks };
  enum class Pane : uint8_t { kNone, kDetails, kLog, kHelp };

  // How a feed is, and since when there is no new data.
  struct Connection {
    FeedStatus status;
    absl::Time lost_at = absl::InfiniteFuture();  // Infinite: it is not lost.
    bool has_data = false;
  };

  explicit TopState(TopOptions options);

  void Resize(ScreenSize size);
  void OnInput(const Input& input, const Moment& now);
  void OnUpdate(SourceUpdate update, const Moment& now);
  // Call it when NextTime() has come; earlier calls change nothing.
  void OnTime(const Moment& now);
  // Of the steady clock; infinite: nothing is due. Text with ages or countdowns
  // changes each second.
  absl::Duration NextTime(const Moment& now) const;

  // Requests to the source since the last call.
  std::vector<SourceRequest> TakeRequests();

  bool has_quit() const { return has_quit_; }
  // Ctrl-C has ended it.
  bool was_interrupted() const { return was_interrupted_; }
  // Ctrl-Z, once.
  bool TakeSuspend() { return std::exchange(wants_suspend_, false); }

  const TopOptions& options() const { return options_; }
  ScreenSize size() const { return size_; }
  int list_rows() const;
  View view() const { return view_; }
  Pane pane() const { return pane_; }
  const TextPane& pane_text() const { return pane_text_; }
  const std::string& pane_title() const { return pane_title_; }
  const ProcessView& processes() const { return processes_; }
  const StacksView& stacks() const { return stacks_; }
  bool is_paused() const { return is_paused_; }
  bool is_searching() const { return is_searching_; }
  const std::string& search_draft() const { return search_draft_; }
  // Of the view that is shown.
  const Connection& connection() const;
  // Of the stream of the open log.
  const FeedStatus& log_status() const { return log_status_; }

 private:
  void OnKey(const Key& key, const Moment& now);
  void OnMouse(const Mouse& mouse, const Moment& now);
  void OnPaste(const Paste& paste);
  bool OnGlobalKey(const Key& key, const Moment& now);
  void OnSearchKey(const Key& key);
  void OnPaneKey(const Key& key);
  void OnProcessesKey(const Key& key);
  void OnStacksKey(const Key& key, const Moment& now);

  void Take(ProcessSnapshot& snapshot, const Moment& now);
  void Take(ProcessDifference& difference, const Moment& now);
  void Take(DetailsAnswer& answer, const Moment& now);
  void Take(StackList& list, const Moment& now);
  void Take(StackContents& contents, const Moment& now);
  void Take(StackEvent& event, const Moment& now);
  void Take(EventGap& gap, const Moment& now);
  void Take(LogLines& lines, const Moment& now);
  void Take(ActionAccepted& accepted, const Moment& now);
  void Take(ActionRefused& refused, const Moment& now);
  void Take(ActionEnded& ended, const Moment& now);
  void Take(FeedStatus& status, const Moment& now);

  void Show(View view);
  void OpenDetails(int64_t pid);
  void OpenLog(FollowLog request);
  void ClosePane();
  void SetDraft(std::string draft);
  // Asks for another stream of processes if other keys are needed, or none.
  void UpdateWatch();

  const TopOptions options_;
  ScreenSize size_;
  View view_ = View::kProcesses;
  Pane pane_ = Pane::kNone;
  TextPane pane_text_;
  std::string pane_title_;
  ProcessView processes_;
  StacksView stacks_;
  Connection process_feed_;
  Connection stack_feed_;
  FeedStatus log_status_;
  bool is_paused_ = false;
  bool is_searching_ = false;
  std::string search_draft_;
  // The first key of "g p", and until when the second one counts.
  bool has_prefix_ = false;
  absl::Duration prefix_until_;
  // When scans without a difference have found that nothing runs.
  absl::Duration quiet_at_ = absl::InfiniteDuration();
  int64_t details_pid_ = 0;
  int64_t log_id_ = 0;
  std::optional<std::vector<std::string>> watched_fields_;
  std::vector<SourceRequest> requests_;
  bool has_quit_ = false;
  bool was_interrupted_ = false;
  bool wants_suspend_ = false;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_TOP_STATE_H_
