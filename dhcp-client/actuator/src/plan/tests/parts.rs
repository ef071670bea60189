//! Plans of which only a part is wanted.

use super::*;

#[test]
fn what_is_not_wanted_of_the_routes_is_not_there() {
    let default = [0, 0, 0, 0];
    let given = vec![
        route(default, 0, [172, 16, 0, 1]),
        route([172, 16, 0, 0], 16, [0, 0, 0, 0]),
        route([192, 0, 2, 0], 24, [10, 0, 0, 9]),
    ];
    let classless = checked(|lease| lease.routes = given);
    let by_router = checked(|_| {});
    let off_link = checked(|lease| lease.routers = vec![[192, 0, 2, 1].into()]);
    let on_link = checked(|lease| lease.routes = vec![route(default, 0, default)]);
    let subnet = kernel_route([10, 0, 0, 0], 24, None);

    let without_default = Takes {
        default_route: false,
        ..Takes::default()
    };
    let rest = [
        subnet,
        kernel_route([172, 16, 0, 0], 16, None),
        kernel_route([192, 0, 2, 0], 24, Some([10, 0, 0, 9])),
    ];
    // Nor does the router take the place of the classless default route.
    assert_eq!(routes_taken(&classless, without_default), rest);
    assert_eq!(routes_taken(&by_router, without_default), [subnet]);
    // Nor is there a way to a gateway that nothing goes through.
    assert_eq!(routes_taken(&off_link, without_default), [subnet]);
    assert_eq!(routes_taken(&on_link, without_default), [subnet]);

    let without_routes = Takes {
        routes: false,
        ..Takes::default()
    };
    for lease in [&classless, &by_router, &off_link, &on_link] {
        assert_eq!(routes_taken(lease, without_routes), [subnet]);
    }
}

#[test]
fn a_link_local_address_reaches_its_link_and_no_further() {
    let lease = checked(|lease| {
        lease.origin = Origin::LinkLocal;
        lease.address = [169, 254, 7, 9].into();
        lease.prefix_length = 16;
        lease.server = Ipv4Addr::UNSPECIFIED;
        lease.routers = Vec::new();
        lease.lease_seconds = None;
        lease.expires_at = None;
    });
    let plan = plan(lease_in_force(None), Some(&lease), surroundings());
    let expected = [
        Step::AddAddress(Address {
            scope: Scope::Link,
            ..address([169, 254, 7, 9], 16, FOR_EVER)
        }),
        Step::AddRoute(KernelRoute {
            source: [169, 254, 7, 9].into(),
            ..kernel_route([169, 254, 0, 0], 16, None)
        }),
    ];
    assert_eq!(steps(&plan.additions), expected);
}

#[test]
fn an_mtu_that_is_not_wanted_leaves_the_link_alone_and_limits_the_routes() {
    let with = checked(|lease| lease.mtu = Some(1400));
    let surroundings = Surroundings {
        takes: Takes {
            mtu: false,
            ..Takes::default()
        },
        ..surroundings()
    };
    let plan = plan(lease_in_force(None), Some(&with), surroundings);
    let mut sets_mtu = plan.additions.iter().map(|planned| planned.step);
    assert!(!sets_mtu.any(|step| matches!(step, Step::SetMtu(_))));
    let on_link = KernelRoute {
        mtu: 1400,
        ..kernel_route([10, 0, 0, 0], 24, None)
    };
    assert_eq!(plan.additions[1].step, Step::AddRoute(on_link));
}
