/** A Gather whose parts a SplitPlan describes. It gives the plan back when it is done with it. */
import type { RespSession } from '../downstream/resp-session.js';
import { Gather } from './gather.js';
import type { PlanPool } from './plan.js';
import type { SplitPlan } from './split.js';

export abstract class SplitGather extends Gather {
  protected readonly plan: SplitPlan;
  readonly #plans: PlanPool<SplitPlan>;

  constructor(session: RespSession, plan: SplitPlan) {
    super(session);
    this.plan = plan;
    this.#plans = session.service.plans;
  }

  protected override onReleased(): void {
    this.#plans.giveBack(this.plan);
  }
}
