// Modules as functions of one script: a browser fetches one file, and gzip
// finds what modules have in common.
//
//   const $m0=(()=>{...;return{h,render}})();
//   const $m1=(()=>{const{h}=$m0;...;return{App}})();
//   (()=>{const{App}=$m1;...})();

#ifndef TALLYMAN_SERVER_PAGE_BUILD_JS_BUNDLE_H_
#define TALLYMAN_SERVER_PAGE_BUILD_JS_BUNDLE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::page {

// The module number `index` as a statement that evaluates it, minified (js.h).
// `imported[i]` is the number of the module that the i-th of
// FindJsReferences(text) means; its statement comes earlier.
//
// A module so gets the values that exports have when their module has been
// evaluated, not later ones. InvalidArgument ("12: ...") for what would make a
// difference, or is not needed: `export let` and `export var`, several names in
// one `export const`, `export *`, import(), imports below other statements, and
// names that begin with "$m". Names in `export {...}` must not change later;
// that is not checked.
absl::StatusOr<std::string> BundleJsModule(std::string_view text, size_t index,
                                           const std::vector<size_t>& imported);

}  // namespace tallyman::page

#endif  // TALLYMAN_SERVER_PAGE_BUILD_JS_BUNDLE_H_
