// The files of the page, in the binary. //server/page/build:embed_page writes
// the source file.

#ifndef TALLYMAN_SERVER_PAGE_PAGE_ASSETS_H_
#define TALLYMAN_SERVER_PAGE_PAGE_ASSETS_H_

#include <string_view>

#include "absl/types/span.h"

namespace tallyman::server {

// One file. All views refer to constants.
struct PageAsset {
  // "/", or a path whose name changes with the content:
  // "/assets/main-3fq2k7xw5a.js".
  std::string_view path;
  std::string_view media_type;
  std::string_view hash;  // Of the body: 32 hexadecimal digits.
  std::string_view body;
  std::string_view gzip_body;
};

// The document ("/") and all that it needs.
absl::Span<const PageAsset> PageAssets();

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_PAGE_PAGE_ASSETS_H_
