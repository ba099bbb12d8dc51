// What the model of tally top asks of its source of data, and what comes back.
// Plain values; TopSource (tally/top/top_source.h) carries them.

#ifndef TALLYMAN_TALLY_TOP_MODEL_SOURCE_VALUES_H_
#define TALLYMAN_TALLY_TOP_MODEL_SOURCE_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/stack_values.h"

namespace tallyman::tally {

// ---- Requests. ----

// Follows the processes of the machine, from now on with these keys of the API;
// pid and start_time always come. Replaces the stream there was.
struct WatchProcesses {
  std::vector<std::string> fields;
};

// Ends the stream of processes, which costs the server a scan at each interval.
struct StopProcesses {};

struct QueryDetails {
  int64_t pid = 0;
};

// Follows what a process writes, from its last lines on. Replaces the log there
// was.
struct FollowLog {
  int64_t id = 0;  // In all answers.
  std::string stack_uid;
  std::string process;
  int64_t instance = 0;  // 0: of all.
};

struct StopLog {};

// Sets how many instances are wanted on one server, unless another number than
// `from` is wanted by then.
struct ScaleProcess {
  std::string key;  // Of this request, unique; in all answers.
  std::string stack_uid;
  std::string process;
  std::string server_name;
  std::string server_uid;
  int64_t count = 0;
  int64_t from = 0;
};

// A command for the instances of a process, or for one.
struct ControlProcess {
  std::string key;      // As above.
  std::string command;  // Of the API: "process_restart", "restart", ...
  std::string stack_uid;
  std::string process = {};  // "": of all processes.
  int64_t instance = 0;      // 0: all.
  std::string server_uid = {};
};

struct QueryAction {
  std::string stack_uid;
  int64_t action_id = 0;
};

// Ends all waits for another attempt.
struct RetryNow {};

using SourceRequest =
    std::variant<WatchProcesses, StopProcesses, QueryDetails, FollowLog,
                 StopLog, ScaleProcess, ControlProcess, QueryAction, RetryNow>;

// ---- Answers. ----

enum class Feed : uint8_t { kProcesses, kStacks, kLog };

// How a stream is.
struct FeedStatus {
  enum class State : uint8_t {
    kConnecting,
    kLive,
    kWaiting,  // For another attempt, at `retry_at`.
    kRefused,  // Another attempt would not help.
  };
  Feed feed = Feed::kProcesses;
  State state = State::kConnecting;
  int http_status = 0;  // Of an answer that is no stream; 0: no answer came.
  std::string message = {};
  absl::Time retry_at = absl::InfiniteFuture();
};

// The answer to QueryDetails.
struct DetailsAnswer {
  int64_t pid = 0;
  std::optional<ProcessDetails> details = std::nullopt;
  std::string error = {};  // Why there are none.
};

// All stacks, without their servers and processes.
struct StackList {
  std::vector<Stack> stacks;
};

// The servers and processes of one stack.
struct StackContents {
  std::string uid;
  std::vector<StackServer> servers;
  std::vector<StackProcess> processes;
};

// Events may be missing; the source loads all stacks anew.
struct EventGap {
  std::string reason;
};

struct LogLine {
  std::string name;  // "web.1"
  int64_t instance = 0;
  std::string text;
};

struct LogLines {
  int64_t id = 0;  // Of FollowLog.
  std::vector<LogLine> lines;
};

// The server has taken a request.
struct ActionAccepted {
  std::string key;
  int64_t action_id = 0;
};

// A request was refused, or not sent.
struct ActionRefused {
  std::string key;
  std::string message;
};

// The answer to QueryAction, and for an action that ends with its request.
struct ActionEnded {
  int64_t action_id = 0;
  bool success = false;
  std::string message;
};

using SourceUpdate =
    std::variant<ProcessSnapshot, ProcessDifference, DetailsAnswer, StackList,
                 StackContents, StackEvent, EventGap, LogLines, ActionAccepted,
                 ActionRefused, ActionEnded, FeedStatus>;

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_SOURCE_VALUES_H_
