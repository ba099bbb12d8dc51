#include "server/http/http_connection.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/http/error.h"
#include "platform/base/poller.h"
#include "server/http/connection_host.h"
#include "server/http/stream_sender.h"
#include "server/net/transport.h"

namespace tallyman::server {
namespace {

// After the last response, input is dropped until the peer ends, for so long
// and so many bytes: closing a socket with unread input sends a reset, at which
// the peer may lose the response (RFC 9112, section 9.6).
constexpr absl::Duration kDrainTime = absl::Seconds(2);
constexpr size_t kMaxDrained = size_t{256} << 10;

// So many steps of one connection in a row; then it is the turn of the others.
constexpr int kMaxSteps = 16;

}  // namespace

HttpConnection::HttpConnection(uint64_t id,
                               std::unique_ptr<Transport> transport,
                               std::string peer, ConnectionHost& host)
    : id_(id),
      transport_(std::move(transport)),
      peer_(std::move(peer)),
      host_(host),
      reader_(host.options().max_body_bytes, host.body_budget()) {
  reader_.mutable_request().remote_address = peer_;
  reader_.mutable_request().is_encrypted = transport_->is_encrypted();
}

void HttpConnection::Start() {
  if (transport_->is_encrypted()) {
    Enter(State::kHandshake, host_.options().head_timeout);
  } else {
    EnterIdle();
  }
  Watch();
}

void HttpConnection::Watch() {
  // Edge-triggered: no system call changes the watch later.
  watch_ = host_.loop().WatchFd(transport_->fd(),
                                base::kReadable | base::kWritable |
                                    base::kReadEnds | base::kEdgeTriggered,
                                [this](uint32_t events) { OnEvents(events); });
}

void HttpConnection::OnEvents(uint32_t events) noexcept {
  if ((events & (base::kHungUp | base::kFailed)) != 0) is_broken_ = true;
  if ((events & base::kReadEnds) != 0) ends_soon_ = true;
  if ((events & ~base::kWritable) != 0) {
    is_readable_ = true;
    if (writes_on_readable_) is_writable_ = true;
  }
  if ((events & base::kWritable) != 0) {
    is_writable_ = true;
    if (reads_on_writable_) is_readable_ = true;
  }
  OnContinue();
}

void HttpConnection::Advance() {
  bool goes_on = true;
  for (int step = 0; goes_on; ++step) {
    if (step == kMaxSteps) {
      host_.ContinueLater(*this);
      return;
    }
    switch (state_) {
      case State::kHandshake:
        goes_on = Handshake();
        break;
      case State::kIdle:
      case State::kHead:
      case State::kBody:
        goes_on = ReadSome();
        break;
      case State::kWriting:
        goes_on = WriteRest();
        break;
      case State::kStreaming:
        goes_on = PumpStream();
        break;
      case State::kDraining:
        goes_on = DrainSome();
        break;
      case State::kRunning:
      case State::kClosed:
        return;
    }
  }
}

void HttpConnection::AwaitReadable() {
  is_readable_ = false;
  watch_.Await(reads_on_writable_ ? base::kWritable : base::kReadable);
}

void HttpConnection::AwaitWritable() {
  is_writable_ = false;
  watch_.Await(writes_on_readable_ ? base::kReadable : base::kWritable);
}

bool HttpConnection::Wait(Transport::State state) {
  // The flag is set again by the readiness that the step needs.
  switch (state) {
    case Transport::State::kWantRead:
      is_readable_ = false;
      watch_.Await(base::kReadable);
      break;
    case Transport::State::kWantWrite:
      is_writable_ = false;
      watch_.Await(base::kWritable);
      break;
    default:
      Close();
      break;
  }
  return false;
}

bool HttpConnection::Handshake() {
  const Transport::State state = transport_->Handshake().state;
  if (state != Transport::State::kOk) {
    if (state == Transport::State::kError) {
      host_.OnDropped(peer_, transport_->error());
    }
    return Wait(state);
  }
  EnterIdle();
  is_readable_ = true;
  return true;
}

bool HttpConnection::ReadSome() {
  if (!is_readable_) return false;
  const absl::Span<char> buffer = host_.read_buffer();
  const Transport::Result got = transport_->Read(buffer);
  reads_on_writable_ = got.state == Transport::State::kWantWrite;
  switch (got.state) {
    case Transport::State::kOk:
      break;
    case Transport::State::kEnd:
      EndOfInput();
      return true;
    case Transport::State::kWantRead:
    case Transport::State::kWantWrite:
      AwaitReadable();
      return false;
    case Transport::State::kError:
      Close();
      return false;
  }
  // A short read emptied the socket (epoll(7)).
  if (got.bytes < buffer.size() && !ends_soon_ && !is_broken_ &&
      !transport_->is_encrypted()) {
    AwaitReadable();
  }
  const std::string_view bytes(buffer.data(), got.bytes);
  if (input_.empty()) {
    Process(bytes);
  } else {
    input_.append(bytes);
    Process(input_);
  }
  return true;
}

bool HttpConnection::WriteRest() {
  if (!is_writable_) return false;
  const Transport::State state = outgoing_.Continue(*transport_);
  writes_on_readable_ = state == Transport::State::kWantRead;
  if (state == Transport::State::kOk) {
    AfterSend(state);
    return true;
  }
  if (state == Transport::State::kError) {
    Close();
  } else {
    AwaitWritable();
  }
  return false;
}

bool HttpConnection::PumpStream() {
  if (is_broken_) {
    Close();
    return false;
  }
  if (!is_writable_) return false;
  if (outgoing_.HasRest()) {
    const Transport::State state = outgoing_.Continue(*transport_);
    if (state != Transport::State::kOk) return Wait(state);
    deadline_.reset();
  }
  Transport::State blocked_by = Transport::State::kOk;
  switch (stream_.SendPiece(*transport_, host_.write_buffer(), outgoing_,
                            blocked_by)) {
    case StreamSender::Result::kSent:
      return true;
    case StreamSender::Result::kWaits:
      return false;
    case StreamSender::Result::kEnd:
      stream_.Reset();
      AfterResponse();
      return true;
    case StreamSender::Result::kBlocked:
      writes_on_readable_ = blocked_by == Transport::State::kWantRead;
      AwaitWritable();
      deadline_ = host_.loop().RunAfter(TimeFor(outgoing_.rest_bytes()),
                                        [this] { OnDeadline(); });
      return false;
    case StreamSender::Result::kError:
      break;
  }
  Close();
  return false;
}

void HttpConnection::OnContinue() noexcept {
  try {
    Advance();
  } catch (...) {
    Close();
  }
}

void HttpConnection::OnStreamWake() noexcept {
  if (state_ == State::kStreaming) OnContinue();
}

void HttpConnection::BeginDrain() {
  transport_->CloseWrite();
  drained_ = 0;
  is_readable_ = true;
  Enter(State::kDraining, kDrainTime);
  // Otherwise ReadRequests() still has views of the input, and drops it later.
  if (!is_processing_) KeepRest({});
}

bool HttpConnection::DrainSome() {
  if (!is_readable_) return false;
  const Transport::Result got = transport_->Read(host_.read_buffer());
  if (got.state == Transport::State::kOk) {
    drained_ += got.bytes;
    if (drained_ < kMaxDrained) return true;
    Close();
    return false;
  }
  if (got.state == Transport::State::kEnd) {
    Close();
    return false;
  }
  return Wait(got.state);
}

void HttpConnection::OnStop() {
  switch (state_) {
    case State::kIdle:
      CloseInOrder();
      return;
    case State::kHandshake:
      Close();
      return;
    case State::kStreaming:
      stream_.Finish(*transport_, outgoing_);
      Close();
      return;
    default:
      // AfterResponse() looks at is_stopping().
      return;
  }
}

void HttpConnection::OnDeadline() noexcept {
  try {
    HandleDeadline();
  } catch (...) {
    Close();
  }
}

void HttpConnection::HandleDeadline() {
  switch (state_) {
    case State::kHead:
    case State::kBody:
      RefuseRequest({.kind = api::ErrorKind::kRequestTimeout,
                     .details = state_ == State::kHead
                                    ? "the head did not arrive in time"
                                    : "the body did not arrive in time"},
                    absl::ZeroDuration());
      Advance();
      return;
    case State::kHandshake:
      host_.OnDropped(peer_, "the TLS handshake took too long");
      break;
    case State::kWriting:
      host_.OnDropped(peer_, "the client took the response too slowly");
      break;
    case State::kStreaming:
      host_.OnDropped(peer_, "the client took the stream too slowly");
      break;
    default:
      break;
  }
  Close();
}

void HttpConnection::CloseInOrder() {
  // Without TLS, close(2) says the same.
  if (transport_->is_encrypted() && !is_broken_) transport_->CloseWrite();
  Close();
}

void HttpConnection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  stream_.Reset();
  watch_.reset();
  deadline_.reset();
  transport_.reset();
  host_.OnClosed(*this);
}

void HttpConnection::Enter(State state, absl::Duration deadline) {
  if (state_ == State::kIdle) host_.OnBusy(*this);
  state_ = state;
  deadline_ = host_.loop().RunAfter(deadline, [this] { OnDeadline(); });
}

void HttpConnection::EnterIdle() {
  deadline_.reset();
  state_ = State::kIdle;
  drains_ = false;
  host_.OnIdle(*this);
}

absl::Duration HttpConnection::TimeFor(size_t bytes) const {
  const ConnectionOptions& options = host_.options();
  return options.io_timeout +
         absl::Seconds(static_cast<double>(bytes) /
                       static_cast<double>(options.min_bytes_per_second));
}

}  // namespace tallyman::server
