// Compression as small as gzip's format allows, by Zopfli.

#ifndef TALLYMAN_SERVER_PAGE_BUILD_GZIP_H_
#define TALLYMAN_SERVER_PAGE_BUILD_GZIP_H_

#include <string>
#include <string_view>

namespace tallyman::page {

// `text` in the format of RFC 1952, without a time or a name: the same text
// always gives the same bytes. Takes about a second for 100 KB.
std::string Gzip(std::string_view text);

}  // namespace tallyman::page

#endif  // TALLYMAN_SERVER_PAGE_BUILD_GZIP_H_
