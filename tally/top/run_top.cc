#include "tally/top/run_top.h"

#include <signal.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "ftxui/screen/screen.hpp"
#include "platform/base/event_loop.h"
#include "platform/base/uid.h"
#include "tally/cli/exit_code.h"
#include "tally/terminal/interrupt.h"
#include "tally/top/model/input.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/top_state.h"
#include "tally/top/top_source.h"
#include "tally/top/tty/frame_writer.h"
#include "tally/top/tty/input_parser.h"
#include "tally/top/tty/terminal.h"
#include "tally/top/view/render.h"

namespace tallyman::tally {
namespace {

using base::EventLoop;

// Of the handlers, which run on any thread.
std::atomic<const EventLoop*> signal_loop = nullptr;
std::atomic<bool> has_resized = false;
std::atomic<bool> is_asked_to_stop = false;
std::atomic<bool> has_continued = false;

// Async-signal-safe: lock-free atomics, and a write(2) to wake the loop.
void OnSignal(int signal) {
  if (signal == SIGWINCH) has_resized = true;
  if (signal == SIGTSTP) is_asked_to_stop = true;
  if (signal == SIGCONT) has_continued = true;
  if (const EventLoop* const loop = signal_loop; loop != nullptr) loop->Wake();
}

// Takes signals of the terminal while it exists. A handler, and no signalfd(2):
// other threads have these signals unblocked and would take them.
class TerminalSignals {
 public:
  explicit TerminalSignals(const EventLoop& loop) {
    signal_loop = &loop;
    for (size_t i = 0; i < std::size(kSignals); ++i) {
      struct sigaction action = {};
      action.sa_handler = &OnSignal;
      action.sa_flags = SA_RESTART;
      sigaction(kSignals[i], &action, &before_[i]);
    }
  }
  ~TerminalSignals() {
    for (size_t i = 0; i < std::size(kSignals); ++i) {
      sigaction(kSignals[i], &before_[i], nullptr);
    }
    signal_loop = nullptr;
  }
  TerminalSignals(const TerminalSignals&) = delete;
  TerminalSignals& operator=(const TerminalSignals&) = delete;

 private:
  static constexpr int kSignals[] = {SIGWINCH, SIGTSTP, SIGCONT};
  struct sigaction before_[std::size(kSignals)];
};

// What other threads post. Outlives the loop: a thread may post until its
// source is destroyed.
class UpdateQueue {
 public:
  explicit UpdateQueue(const EventLoop& loop) : loop_(&loop) {}

  void Push(SourceUpdate update) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    if (loop_ == nullptr) return;
    updates_.push_back(std::move(update));
    loop_->Wake();
  }
  std::vector<SourceUpdate> TakeAll() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    return std::exchange(updates_, {});
  }
  // The loop ends: drops all that comes from now on.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    loop_ = nullptr;
  }

 private:
  absl::Mutex mutex_;
  const EventLoop* loop_ ABSL_GUARDED_BY(mutex_);
  std::vector<SourceUpdate> updates_ ABSL_GUARDED_BY(mutex_);
};

Moment Now() { return {.steady = EventLoop::Now(), .wall = absl::Now()}; }

class Top {
 public:
  Top(const RunTopOptions& options, EventLoop& loop, Terminal& terminal,
      TopSource& source)
      : options_(options),
        loop_(loop),
        terminal_(terminal),
        source_(source),
        state_({.server = options.server,
                .key_prefix = base::NewUid(),
                .zone = absl::LocalTimeZone(),
                .interval = options.interval}),
        queue_(std::make_shared<UpdateQueue>(loop)) {}
  ~Top() { queue_->Close(); }
  Top(const Top&) = delete;
  Top& operator=(const Top&) = delete;

  absl::StatusOr<ExitCode> Run() {
    // The handler of the first signal may run before the loop waits.
    const ScopedInterrupt interrupt([this] {
      is_interrupted_ = true;
      loop_.Wake();
    });
    const TerminalSignals signals(loop_);
    terminal_.Enter();
    state_.Resize(terminal_.Size());
    const EventLoop::Registration reading =
        loop_.WatchFd(terminal_.input_fd(), base::kReadable,
                      [this](uint32_t) { ReadInput(); });
    source_.Start([queue = queue_](SourceUpdate update) {
      queue->Push(std::move(update));
    });
    while (!HasEnded()) {
      TakeUpdates();
      state_.OnTime(Now());
      for (SourceRequest& request : state_.TakeRequests()) {
        source_.Send(std::move(request));
      }
      if (HasEnded()) break;
      Show();
      loop_.RunOnce();
      TakeSignals();
    }
    terminal_.Leave();
    return Result();
  }

 private:
  bool HasEnded() const {
    return state_.has_quit() || is_interrupted_ || terminal_.is_gone() ||
           !refusal_.ok();
  }

  absl::StatusOr<ExitCode> Result() const {
    if (!refusal_.ok()) return refusal_;
    if (state_.was_interrupted()) return ExitCode::kInterrupted;
    if (state_.has_quit()) return ExitCode::kDone;
    // Scripts know the signal by the code, as of a program that it ended.
    const int signal = is_interrupted_ ? InterruptSignal() : SIGHUP;
    return static_cast<ExitCode>(128 + signal);
  }

  void TakeUpdates() {
    for (SourceUpdate& update : queue_->TakeAll()) {
      if (const auto* status = std::get_if<FeedStatus>(&update)) {
        NoteRefusal(*status);
      }
      state_.OnUpdate(std::move(update), Now());
    }
  }

  // Without any data there is nothing to look at.
  void NoteRefusal(const FeedStatus& status) {
    if (status.feed != Feed::kProcesses ||
        status.state != FeedStatus::State::kRefused ||
        state_.processes().table().has_scan()) {
      return;
    }
    if (status.http_status == 401) {
      refusal_ = absl::UnauthenticatedError(status.message);
    } else if (status.http_status == 403) {
      refusal_ = absl::PermissionDeniedError(status.message);
    }
  }

  void ReadInput() {
    Take(parser_.Parse(terminal_.Read()));
    escape_.reset();
    if (parser_.is_pending()) {
      escape_ = loop_.RunAfter(InputParser::kEscapeWait,
                               [this] { Take(parser_.Flush()); });
    }
  }

  void Take(const std::vector<Input>& inputs) {
    for (const Input& input : inputs) state_.OnInput(input, Now());
    if (state_.TakeSuspend()) Stop();
  }

  void TakeSignals() {
    if (has_resized.exchange(false)) state_.Resize(terminal_.Size());
    if (is_asked_to_stop.exchange(false)) Stop();
    // After SIGSTOP, which nobody can handle, the shell has changed the modes.
    if (has_continued.exchange(false)) {
      terminal_.EnterAgain();
      writer_.Reset();
      state_.Resize(terminal_.Size());
    }
  }

  // Gives the terminal back until SIGCONT.
  void Stop() {
    terminal_.Leave();
    raise(SIGSTOP);
    has_continued = false;
    terminal_.Enter();
    writer_.Reset();
    state_.Resize(terminal_.Size());
  }

  // Writes a frame, unless the terminal has not taken the last one yet.
  void Show() {
    if (terminal_.has_pending()) {
      if (!writing_.active()) {
        writing_ =
            loop_.WatchFd(terminal_.output_fd(), base::kWritable,
                          [this](uint32_t) { terminal_.WritePending(); });
      }
      return;
    }
    writing_.reset();
    const Moment now = Now();
    const ScreenSize size = state_.size();
    ftxui::Screen screen(size.width, size.height);
    Render(state_, options_.theme, now, screen);
    terminal_.Write(writer_.Write(screen));
    timer_.reset();
    const absl::Duration next = state_.NextTime(now);
    if (next != absl::InfiniteDuration()) {
      timer_ = loop_.RunAfter(next - now.steady, [] {});
    }
    if (terminal_.has_pending()) Show();
  }

  const RunTopOptions& options_;
  EventLoop& loop_;
  Terminal& terminal_;
  TopSource& source_;
  TopState state_;
  const std::shared_ptr<UpdateQueue> queue_;
  InputParser parser_;
  FrameWriter writer_;
  EventLoop::Registration escape_;
  EventLoop::Registration writing_;
  EventLoop::Registration timer_;
  std::atomic<bool> is_interrupted_ = false;
  absl::Status refusal_;
};

}  // namespace

Theme ThemeOfBackground(std::string_view colorfgbg) {
  const size_t last = colorfgbg.rfind(';');
  int background = 0;
  if (last == std::string_view::npos ||
      !absl::SimpleAtoi(colorfgbg.substr(last + 1), &background)) {
    return Theme::kDark;
  }
  // Light grey, and the bright colours without dark grey.
  return background == 7 || background > 8 ? Theme::kLight : Theme::kDark;
}

absl::StatusOr<ExitCode> RunTop(const RunTopOptions& options,
                                TopSource& source) {
  absl::StatusOr<std::unique_ptr<Terminal>> terminal =
      Terminal::Open({.input_fd = options.input_fd,
                      .output_fd = options.output_fd,
                      .has_mouse = options.has_mouse});
  if (!terminal.ok()) return terminal.status();
  absl::StatusOr<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  if (!loop.ok()) return loop.status();
  return Top(options, **loop, **terminal, source).Run();
}

}  // namespace tallyman::tally
