from torch import nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint


class Part(nn.Module):
    def forward(self, x):
        return x if self.training else None


class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.fc = Part(), Part(), nn.Linear(2, 2)
        self.fc_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        print(self.one(x))
        return self.fc_hook_point(self.fc(x)), [self.two(x)]
