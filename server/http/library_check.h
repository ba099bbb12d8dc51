// A second opinion about request heads, by the HTTP library (cpp-httplib). Only
// the source file includes the library.

#ifndef TALLYMAN_SERVER_HTTP_LIBRARY_CHECK_H_
#define TALLYMAN_SERVER_HTTP_LIBRARY_CHECK_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tallyman::server {

// A head as the library reads it.
struct LibraryHead {
  std::string method;
  std::string target;
  size_t headers = 0;
};

// Lets the library parse a complete head; its answer is dropped. nullopt if the
// library refuses the head. Thread-safe.
std::optional<LibraryHead> ParseWithLibrary(std::string_view head);

// Whether the library reads the head, which ParseHead() accepts, as ParseHead()
// does: the same method, target and number of headers. True for a method that
// the library does not know.
bool LibraryAgrees(std::string_view head);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_LIBRARY_CHECK_H_
