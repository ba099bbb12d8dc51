#include "server/http/connection_loop.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "server/http/acceptor.h"
#include "server/http/http_connection.h"
#include "server/http/mailbox.h"

namespace tallyman::server {
namespace {

constexpr size_t kReadBuffer = size_t{64} << 10;

// The write buffer keeps no more memory than this between two rounds.
constexpr size_t kMaxWriteBuffer = size_t{256} << 10;

}  // namespace

ConnectionLoop::ConnectionLoop(const Shared& shared)
    : shared_(shared),
      mailbox_(std::make_shared<Mailbox<Message>>(loop_)),
      read_buffer_(kReadBuffer) {}

ConnectionLoop::~ConnectionLoop() { mailbox_->Close(); }

void ConnectionLoop::Listen(int socket, Acceptor::Events events) {
  acceptors_.push_back(
      std::make_unique<Acceptor>(loop_, socket, std::move(events)));
}

void ConnectionLoop::Add(NewConnection connection) {
  size_.fetch_add(1, std::memory_order_relaxed);
  auto fresh = std::make_unique<NewConnection>(std::move(connection));
  Message message = {.kind = Message::Kind::kNew};
  message.connection = std::move(fresh);
  mailbox_->Add(std::move(message));
}

void ConnectionLoop::Run() {
  while (true) {
    if (is_stopping()) Stop();
    if (has_stopped_ && size() == 0) break;
    loop_.RunOnce();
    ReadMessages();
    Continue();
    closed_.clear();
    rounds_.fetch_add(1, std::memory_order_relaxed);
    if (write_buffer_.capacity() > kMaxWriteBuffer) {
      std::string().swap(write_buffer_);
    }
  }
}

void ConnectionLoop::Stop() {
  if (std::exchange(has_stopped_, true)) return;
  acceptors_.clear();
  std::vector<HttpConnection*> all;
  all.reserve(connections_.size());
  for (const auto& [id, entry] : connections_) {
    all.push_back(entry.connection.get());
  }
  for (HttpConnection* const connection : all) connection->OnStop();
  closed_.clear();
}

void ConnectionLoop::ReadMessages() {
  for (Message& message : mailbox_->TakeAll()) {
    if (message.kind == Message::Kind::kNew) {
      try {
        Begin(std::move(*message.connection));
      } catch (...) {
        // For example std::bad_alloc: the connection is closed.
        size_.fetch_sub(1, std::memory_order_relaxed);
      }
      continue;
    }
    const auto found = connections_.find(message.id);
    if (found == connections_.end()) continue;
    HttpConnection& connection = *found->second.connection;
    if (message.kind == Message::Kind::kWorkerDone) {
      connection.OnWorkerDone();
    } else {
      connection.OnStreamWake();
    }
  }
}

void ConnectionLoop::Begin(NewConnection fresh) {
  const uint64_t id = next_id_++;
  auto owned = std::make_unique<HttpConnection>(
      id, std::move(fresh.transport), std::move(fresh.peer),
      static_cast<ConnectionHost&>(*this));
  HttpConnection& connection = *owned;
  connections_.emplace(id, Entry{.connection = std::move(owned),
                                 .admission = std::move(fresh.admission)});
  try {
    if (fresh.refusal) {
      connection.Refuse(*std::move(fresh.refusal));
    } else {
      connection.Start();
      if (has_stopped_) connection.OnStop();
    }
  } catch (...) {
    connection.Close();
  }
}

bool ConnectionLoop::RunOnWorker(HttpConnection& connection,
                                 absl::AnyInvocable<void() &&> job) {
  return shared_.workers.Add([mailbox = mailbox_, id = connection.id(),
                              job = std::move(job)]() mutable {
    std::move(job)();
    mailbox->Add({.kind = Message::Kind::kWorkerDone, .id = id});
  });
}

std::function<void()> ConnectionLoop::StreamWaker(uint64_t id) {
  return [mailbox = mailbox_, id] {
    mailbox->Add({.kind = Message::Kind::kStreamWake, .id = id});
  };
}

void ConnectionLoop::ContinueLater(HttpConnection& connection) {
  unfinished_.push_back(connection.id());
  if (unfinished_.size() == 1) loop_.Wake();
}

void ConnectionLoop::Continue() {
  for (const uint64_t id : std::exchange(unfinished_, {})) {
    const auto found = connections_.find(id);
    if (found != connections_.end()) found->second.connection->OnContinue();
  }
}

void ConnectionLoop::OnIdle(HttpConnection& connection) {
  idle_.Add(connection.idle_member(), base::EventLoop::Now());
  if (!idle_timer_.active()) {
    idle_timer_ = loop_.RunAfter(shared_.options.idle_timeout,
                                 [this] { CloseExpired(); });
  }
}

void ConnectionLoop::OnBusy(HttpConnection& connection) {
  idle_.Remove(connection.idle_member());
}

void ConnectionLoop::OnClosed(HttpConnection& connection) {
  idle_.Remove(connection.idle_member());
  const auto found = connections_.find(connection.id());
  if (found == connections_.end()) return;
  found->second.admission.reset();
  // A callback of the connection may be on the stack.
  closed_.push_back(std::move(found->second));
  connections_.erase(found);
  size_.fetch_sub(1, std::memory_order_relaxed);
}

void ConnectionLoop::OnDropped(std::string_view peer, std::string_view reason) {
  if (shared_.on_dropped) shared_.on_dropped(peer, reason);
}

bool ConnectionLoop::CloseLongestIdle() {
  HttpConnection* const oldest = idle_.oldest();
  if (oldest == nullptr) return false;
  oldest->CloseInOrder();
  return true;
}

void ConnectionLoop::CloseExpired() {
  const absl::Duration now = base::EventLoop::Now();
  idle_timer_.reset();
  for (HttpConnection* oldest = idle_.oldest(); oldest != nullptr;
       oldest = idle_.oldest()) {
    const absl::Duration left =
        oldest->idle_member().since() + shared_.options.idle_timeout - now;
    if (left > absl::ZeroDuration()) {
      idle_timer_ = loop_.RunAfter(left, [this] { CloseExpired(); });
      return;
    }
    oldest->CloseInOrder();
  }
}

}  // namespace tallyman::server
