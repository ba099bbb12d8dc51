// The view of stacks: their processes and instances, the stepper, actions.
//
// A number that is stepped is sent kStepWait after the last key, as on the
// page.

#ifndef TALLYMAN_TALLY_TOP_MODEL_STACKS_VIEW_H_
#define TALLYMAN_TALLY_TOP_MODEL_STACKS_VIEW_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tally/top/model/action_list.h"
#include "tally/top/model/input.h"
#include "tally/top/model/list_cursor.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/stack_rows.h"
#include "tally/top/model/stack_values.h"

namespace tallyman::tally {

// A number of wanted instances that somebody is changing.
struct Step {
  int64_t count = 0;
  int64_t from = 0;  // The wanted number that the person saw.
  // When it is sent, of the steady clock; nullopt: it was.
  std::optional<absl::Duration> due;
  std::string key = {};  // Of its request.
};

// A question that "y" answers. The requests are sent then.
struct Confirmation {
  std::string question;
  SourceRequest request;
  std::string action_text;
  std::optional<int64_t> from = std::nullopt;
};

// Not thread-safe. Rows point into the view, and hold until the next call that
// is not const.
class StacksView {
 public:
  static constexpr absl::Duration kStepWait = absl::Milliseconds(500);

  // `key_prefix` begins the keys of requests, and is random: the server takes
  // two requests with the same key for one.
  explicit StacksView(std::string key_prefix);

  void Apply(StackList list);
  void Apply(StackContents contents);
  void Apply(const StackEvent& event, const Moment& now);
  void Apply(const ActionAccepted& accepted, const Moment& now);
  void Apply(const ActionRefused& refused);
  void Apply(const ActionEnded& ended, const Moment& now);
  // Events may have been missed.
  void AskForOpenActions();

  void Resize(int rows);
  // False if the key is for somebody else.
  bool OnKey(const Key& key, const Moment& now);
  // Selects a row of the list on the screen, from 0. True if it was selected
  // before.
  bool Click(int row);
  void Scroll(int rows);
  // Sends the numbers that are due, and drops old results.
  void OnTime(const Moment& now);
  absl::Duration NextTime() const;

  // The answer to confirmation().
  void Confirm(bool agrees, const Moment& now);
  const std::optional<Confirmation>& confirmation() const {
    return confirmation_;
  }

  // Requests to send since the last call.
  std::vector<SourceRequest> TakeRequests();

  // Of the selected process or instance; nullopt if none is selected.
  std::optional<FollowLog> SelectedLog() const;
  // The pid of the selected instance; 0 if none is selected or runs.
  int64_t SelectedPid() const;

  StackNames Names() const;
  bool is_loaded() const { return is_loaded_; }
  const std::vector<Stack>& stacks() const { return stacks_; }
  const std::vector<StackRow>& rows() const { return rows_; }
  const ListCursor& cursor() const { return cursor_; }
  // nullptr: none.
  const Step* FindStep(const StackRow& row) const;
  bool IsOpen(const StackRow& row) const;

 private:
  // What stays the same of a row when the list changes.
  using RowId = std::tuple<StackRow::Kind, std::string, std::string,
                           std::string, int64_t>;
  // Uid of the stack, process, name of the server.
  using StepKey = std::tuple<std::string, std::string, std::string>;

  static RowId IdOf(const StackRow& row);
  static StepKey StepKeyOf(const StackRow& row);
  const StackRow* selected() const;
  void Rebuild();
  void Move(int delta);
  void Select(int row);
  void Toggle(const StackRow& row);
  void StepBy(const StackRow& row, int delta, const Moment& now);
  bool CancelStep(const StackRow& row);
  void SendStep(const StepKey& step_key, Step& step, const Moment& now);
  void AskRestart(const StackRow& row, const Moment& now);
  void AskPause(const StackRow& row, const Moment& now);
  ControlProcess Control(const StackRow& row, std::string command);
  void Send(SourceRequest request, std::string text,
            std::optional<int64_t> from, const Moment& now);
  std::string NewKey();

  const std::string key_prefix_;
  int64_t next_key_ = 1;
  bool is_loaded_ = false;
  std::vector<Stack> stacks_;
  ActionList actions_;
  std::map<StepKey, Step> steps_;
  std::optional<Confirmation> confirmation_;
  OpenRows open_;
  std::vector<SourceRequest> requests_;
  std::vector<StackRow> rows_;
  ListCursor cursor_;
  std::optional<RowId> selected_;
  int shown_rows_ = 20;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_STACKS_VIEW_H_
