#include "parley/transport/loopback/network.hpp"

#include "parley/transport/loopback/mailbox.hpp"

#include <utility>

namespace parley::transport {

std::shared_ptr<loopback_door> loopback_network::add(const std::string& name, std::shared_ptr<loopback_door> one) {
  const std::lock_guard lock(guard_);
  return std::exchange(doors_[name], std::move(one));
}

void loopback_network::remove(const std::string& name, const loopback_door& one) {
  std::shared_ptr<loopback_door> dropped;
  const std::lock_guard lock(guard_);
  const auto found = doors_.find(name);
  if (found == doors_.end() || found->second.get() != &one) return;
  dropped = std::move(found->second);
  doors_.erase(found);
}

std::shared_ptr<loopback_door> loopback_network::find(const std::string& name) const {
  const std::lock_guard lock(guard_);
  auto found = doors_.find(name);
  if (found == doors_.end()) found = doors_.find("");
  return found == doors_.end() ? nullptr : found->second;
}

void loopback_network::set(fault which, std::size_t number) {
  const std::lock_guard lock(guard_);
  faults_[which] = number;
}

bool loopback_network::count(fault kind) {
  const std::lock_guard lock(guard_);
  ++operations_;
  bool well = true;
  for (const fault which : {kind, fault::any}) {
    const auto found = faults_.find(which);
    if (found == faults_.end()) continue;
    if (found->second-- > 0) continue;
    faults_.erase(found);
    well = false;
  }
  return well;
}

std::size_t loopback_network::operations() const {
  const std::lock_guard lock(guard_);
  return operations_;
}

void loopback_network::hold() {
  const std::lock_guard lock(guard_);
  holding_ = true;
  allowed_ = 0;
}

void loopback_network::release(std::optional<std::size_t> deliveries) {
  std::deque<std::weak_ptr<mailbox>> woken;
  {
    const std::lock_guard lock(guard_);
    if (deliveries) allowed_ += *deliveries;
    else holding_ = false;
    woken.swap(waiting_);
  }
  for (const auto& box : woken)
    if (const auto still = box.lock()) still->wake();
}

bool loopback_network::may_deliver(const std::weak_ptr<mailbox>& box) {
  const std::lock_guard lock(guard_);
  if (!holding_) return true;
  if (allowed_ > 0) return --allowed_, true;
  waiting_.push_back(box);
  return false;
}

}  // namespace parley::transport
