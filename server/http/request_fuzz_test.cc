// The way from bytes to requests: whatever arrives, in whatever pieces, all
// parsers read the same.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "server/http/body_budget.h"
#include "server/http/http_head.h"
#include "server/http/http_parser.h"
#include "server/http/library_check.h"
#include "server/http/request_reader.h"

namespace tallyman::server {
namespace {

constexpr size_t kMaxBody = 2000;

// All that a handler sees of a request.
std::string Describe(const api::Request& request) {
  std::string text = absl::StrCat(request.method, " ", request.path, "\n");
  for (const auto& [name, value] : request.params.all()) {
    absl::StrAppend(&text, name, "=", value, "\n");
  }
  for (const auto& [name, value] : request.headers) {
    absl::StrAppend(&text, name, ": ", value, "\n");
  }
  return absl::StrCat(text, "\n", request.body);
}

// The requests in `bytes`, which arrive in pieces of `piece` bytes, and the
// error at the end.
std::vector<std::string> ReadAll(std::string_view bytes, size_t piece) {
  BodyBudget budget(size_t{1} << 30);
  RequestReader reader(kMaxBody, budget);
  std::vector<std::string> all;
  std::string input;
  while (!bytes.empty()) {
    const size_t size = std::min(piece, bytes.size());
    input.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    std::string_view rest = input;
    bool goes_on = true;
    while (goes_on) {
      switch (reader.Read(rest)) {
        case RequestReader::Result::kIncomplete:
          goes_on = false;
          break;
        case RequestReader::Result::kHead:
          CHECK(reader.head().HasBody());
          reader.Own();
          break;
        case RequestReader::Result::kComplete:
          CHECK_LE(reader.request().body.size(), kMaxBody);
          all.push_back(Describe(reader.request()));
          reader.Reset();
          break;
        case RequestReader::Result::kRefused:
          all.push_back(
              absl::StrCat("error ", api::HttpStatus(reader.error().kind)));
          return all;
      }
    }
    input.erase(0, input.size() - rest.size());
  }
  return all;
}

// The plain parser, the strict one and the library agree about a plain head.
void CheckPlain(std::string_view bytes) {
  api::Request plain;
  const auto size = ParsePlainRequest(bytes, plain);
  if (!size) return;
  const std::string_view head_bytes = bytes.substr(0, *size);
  HeadScanner scanner;
  CHECK(scanner.Scan(bytes) == HeadScanner::State::kComplete);
  CHECK_EQ(scanner.size(), *size);
  HttpHead head;
  api::Request strict;
  CHECK(!ParseHead(head_bytes, head, strict));
  CHECK(!head.HasBody());
  CHECK(!head.EndsConnection());
  CHECK_EQ(Describe(plain), Describe(strict));
  CHECK(LibraryAgrees(head_bytes)) << head_bytes;
}

}  // namespace
}  // namespace tallyman::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tallyman::server::ReadAll;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  tallyman::server::CheckPlain(bytes);
  const std::vector<std::string> whole = ReadAll(bytes, size);
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{64}}) {
    CHECK(ReadAll(bytes, piece) == whole) << "in pieces of " << piece;
  }
  return 0;
}
