// The standard headers that such a program includes anyway, for comparison.
#include <iostream>
#include <memory>
#include <string>
#include <vector>

int main() {
  const std::vector<std::string> words{"a", "b"};
  std::cout << *std::make_unique<std::string>(words.back()) << '\n';
}
