// A tree of wsJson nodes with an owner. Private.
#pragma once

#include "parley/c/wsclient/wsclient.h"

#include <memory>

namespace parley::wsclient {

struct free_tree {
  void operator()(wsJson* root) const { wsJsonFree(root); }
};
using json_tree = std::unique_ptr<wsJson, free_tree>;

}  // namespace parley::wsclient
