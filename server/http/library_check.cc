#include "server/http/library_check.h"

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "httplib.h"

namespace tallyman::server {
namespace {

// A connection on which a head has arrived, and whose output nobody reads.
class HeadStream : public httplib::Stream {
 public:
  explicit HeadStream(std::string_view head) : unread_(head) {}

  bool is_readable() const override { return !unread_.empty(); }
  bool wait_readable() const override { return true; }
  bool wait_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override {
    const size_t copied = std::min(size, unread_.size());
    std::memcpy(to, unread_.data(), copied);
    unread_.remove_prefix(copied);
    return static_cast<ssize_t>(copied);
  }
  ssize_t write(const char* /*from*/, size_t size) override {
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  socket_t socket() const override { return INVALID_SOCKET; }
  time_t duration() const override { return 0; }

 private:
  std::string_view unread_;
};

// Where the head goes that this thread lets the library parse. The library has
// no place for a state of the request.
thread_local std::optional<LibraryHead>* parsed_head = nullptr;

class HeadParser : public httplib::Server {
 public:
  HeadParser() {
    set_pre_routing_handler(
        [](const httplib::Request& request, httplib::Response&) {
          // The library declares the request as a variable that is not const.
          auto& mutable_request = const_cast<httplib::Request&>(request);
          mutable_request.body_consumed_ = true;
          mutable_request.ranges.clear();
          *parsed_head = {.method = request.method,
                          .target = request.target,
                          .headers = request.headers.size()};
          return HandlerResponse::Handled;
        });
    set_expect_100_continue_handler(
        [](const httplib::Request&, httplib::Response&) { return 100; });
  }

  std::optional<LibraryHead> Parse(std::string_view head) {
    std::optional<LibraryHead> parsed;
    parsed_head = &parsed;
    HeadStream stream(head);
    bool is_closed = false;
    process_request(stream, /*remote_addr=*/"", /*remote_port=*/0,
                    /*local_addr=*/"", /*local_port=*/0,
                    /*close_connection=*/true, is_closed,
                    /*setup_request=*/nullptr);
    parsed_head = nullptr;
    return parsed;
  }
};

}  // namespace

std::optional<LibraryHead> ParseWithLibrary(std::string_view head) {
  // Never destroyed: threads may outlive main().
  static HeadParser& parser = *new HeadParser;
  return parser.Parse(head);
}

bool LibraryAgrees(std::string_view head) {
  constexpr std::array<std::string_view, 10> kKnown = {
      "GET",     "HEAD",    "POST",  "PUT",   "DELETE",
      "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const size_t method_end = line.find(' ');
  const std::string_view method = line.substr(0, method_end);
  if (std::find(kKnown.begin(), kKnown.end(), method) == kKnown.end()) {
    return true;
  }
  const size_t target_end = line.rfind(' ');
  const std::optional<LibraryHead> other = ParseWithLibrary(head);
  return other && other->method == method &&
         other->target ==
             line.substr(method_end + 1, target_end - method_end - 1) &&
         // Lines end with "\r\n"; one is the request line and one is empty.
         other->headers + 2 ==
             static_cast<size_t>(std::count(head.begin(), head.end(), '\n'));
}

}  // namespace tallyman::server
