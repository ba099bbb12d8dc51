// The built page as C++.

#ifndef TALLYMAN_SERVER_PAGE_BUILD_CC_SOURCE_H_
#define TALLYMAN_SERVER_PAGE_BUILD_CC_SOURCE_H_

#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "server/page/build/page_builder.h"

namespace tallyman::page {

// A source file that defines PageAssets() of server/page/page_assets.h, with
// each body as it is and compressed.
std::string WriteCcSource(absl::Span<const BuiltAsset> assets);

// `bytes` as string literals of C++, one a line.
std::string CcLiterals(std::string_view bytes);

}  // namespace tallyman::page

#endif  // TALLYMAN_SERVER_PAGE_BUILD_CC_SOURCE_H_
