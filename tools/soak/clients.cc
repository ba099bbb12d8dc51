#include "tools/soak/clients.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/http_load.h"
#include "tools/crowd/answer_reader.h"
#include "tools/crowd/crowd_client.h"

namespace tallyman::soak {
namespace {

using crowd::ClientGroup;
using crowd::ClientKind;

constexpr std::string_view kClose = "Connection: close\r\n";
constexpr absl::Duration kByteInterval = absl::Seconds(5);

}  // namespace

std::vector<ClientGroup> ClientGroups(const bench::BenchServer& server,
                                      double scale) {
  const std::string stack = absl::StrCat("/stacks/", server.stack_uid());
  const bench::HttpTarget target = server.Target("/");
  const auto count = [scale](int clients) {
    return static_cast<size_t>(clients * scale) + 1;
  };
  const auto request = [&target](std::string_view path,
                                 std::string_view headers = "") {
    return crowd::GetRequest(path, target.token, headers);
  };
  return {{.kind = ClientKind::kVisitor,
           .port = target.port,
           .count = count(50),
           .request = request("/healthz", kClose)},
          {.kind = ClientKind::kVisitor,
           .port = target.port,
           .count = count(50),
           .request = request(stack + "/processes", kClose)},
          {.kind = ClientKind::kSlowSender,
           .port = target.port,
           .count = count(200),
           .interval = kByteInterval,
           .request = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "},
          {.kind = ClientKind::kSlowSender,
           .port = target.port,
           .count = count(200),
           .interval = kByteInterval,
           .request = request("/stacks",
                              "Content-Length: 1000\r\n"
                              "Content-Type: application/json\r\n")
                          .replace(0, 3, "POST"),
           .trickle = ' '},
          {.kind = ClientKind::kSlowReader,
           .port = target.port,
           .count = count(50),
           .request = request("/server/processes")},
          {.kind = ClientKind::kFollower,
           .port = target.port,
           .count = count(100),
           .request = request(
               absl::StrCat(stack, "/processes/", kTalker, "/logs?follow=1")),
           .marker = '~'}};
}

}  // namespace tallyman::soak
