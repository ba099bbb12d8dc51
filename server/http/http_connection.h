// One HTTP/1.1 connection on an event loop, as a state machine:
//
//   handshake -> idle -> head -> body -> running -> writing -> idle ...
//                                            `-> streaming -> idle ...
//                  any -> draining -> closed
//
// A plain request (server/http/http_parser.h) that is answered fast goes from
// idle to idle in one call: one recv(2) and one sendmsg(2).

#ifndef TALLYMAN_SERVER_HTTP_HTTP_CONNECTION_H_
#define TALLYMAN_SERVER_HTTP_HTTP_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "platform/base/event_loop.h"
#include "server/http/connection_host.h"
#include "server/http/idle_list.h"
#include "server/http/outgoing.h"
#include "server/http/request_handler.h"
#include "server/http/request_reader.h"
#include "server/http/stream_sender.h"
#include "server/net/transport.h"

namespace tallyman::server {

// Belongs to the thread of its loop. While a job of it runs on another thread,
// only that job uses it.
class HttpConnection {
 public:
  // `host` outlives the connection. `peer` is the client's address as requests
  // show it.
  HttpConnection(uint64_t id, std::unique_ptr<Transport> transport,
                 std::string peer, ConnectionHost& host);
  ~HttpConnection() = default;
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Begins to watch the socket.
  void Start();

  // Answers with an error that passes (Retry-After) without reading, then
  // closes; in place of Start().
  void Refuse(api::Error error);

  // Closes an idle connection, ends a stream, and lets all others end after
  // their response.
  void OnStop();

  // Closes an idle connection: the peer is told that it is the end
  // (RFC 8446, section 6.1).
  void CloseInOrder();

  // Closes at once; not while a job runs.
  void Close();

  // An exception, such as std::bad_alloc, closes the connection.
  void OnWorkerDone() noexcept;
  void OnContinue() noexcept;
  void OnStreamWake() noexcept;

  uint64_t id() const { return id_; }
  const std::string& peer() const { return peer_; }
  // For the host's list of idle connections.
  IdleList<HttpConnection>::Member& idle_member() { return idle_member_; }

 private:
  enum class State : uint8_t {
    kHandshake,
    kIdle,
    kHead,
    kBody,
    kRunning,
    kWriting,
    kStreaming,
    kDraining,
    kClosed,
  };

  void Watch();
  void OnEvents(uint32_t events) noexcept;
  void OnDeadline() noexcept;
  void HandleDeadline();

  // Goes on until it has to wait.
  void Advance();
  // One step of a state; false if it has to wait.
  bool Handshake();
  bool ReadSome();
  bool WriteRest();
  bool PumpStream();
  bool DrainSome();

  // Notes for what readiness a step has to wait. Always false.
  bool Wait(Transport::State state);
  // Clear the flag, which the readiness sets again that the last call on the
  // transport has asked for.
  void AwaitReadable();
  void AwaitWritable();

  // Reads requests from `bytes`, which are all that have arrived, and answers
  // them; keeps the rest.
  void Process(std::string_view bytes);
  void ReadRequests(std::string_view bytes);
  // False if the request was refused.
  bool AdmitHead(std::string_view rest);
  void AnswerRequest();
  void RunOnWorker();
  api::Response Respond(RequestHandler::Call& call);
  api::Response AnswerException();
  api::Response Reject(api::Error error);
  void RefuseRequest(api::Error error, absl::Duration retry_after);
  // `rest` is the end of the bytes given to Process(). Dropped if no request
  // can follow.
  void KeepRest(std::string_view rest);
  void EndOfInput();

  // Sends a response, or its begin: sets the rest and the stream. Also on the
  // thread of a job.
  Transport::State Send(api::Response response, std::string& scratch);
  void AfterSend(Transport::State state);
  void AfterResponse();
  void BeginDrain();

  // Enters a state of a request under way.
  void Enter(State state, absl::Duration deadline);
  void EnterIdle();
  absl::Duration TimeFor(size_t bytes) const;

  const uint64_t id_;
  std::unique_ptr<Transport> transport_;  // Null when closed.
  const std::string peer_;
  ConnectionHost& host_;
  IdleList<HttpConnection>::Member idle_member_{*this};
  State state_ = State::kHandshake;
  bool is_readable_ = false;
  bool is_writable_ = true;
  bool reads_on_writable_ = false;  // TLS: see Transport.
  bool writes_on_readable_ = false;
  bool ends_soon_ = false;  // kReadEnds: behind the unread bytes is the end.
  bool has_input_ended_ = false;
  bool is_processing_ = false;  // ReadRequests() is on the stack.
  bool is_broken_ = false;      // kHungUp or kFailed.
  bool closes_ = false;         // After the response under way.
  bool drains_ = false;         // Bytes may be unread then.
  Transport::State sent_ = Transport::State::kOk;  // By the job.
  std::string input_;  // Arrived, and not yet part of a complete head or body.
  size_t drained_ = 0;
  RequestReader reader_;
  std::unique_ptr<RequestHandler::Call> call_;
  Outgoing outgoing_;
  StreamSender stream_;
  base::EventLoop::Registration watch_;
  base::EventLoop::Registration deadline_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTP_CONNECTION_H_
