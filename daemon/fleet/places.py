"""Service centres, yards and customers of the made-up fleet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Centre:
    """An authorised service centre, its region in the winter table, and whom it works for."""

    code: str
    name: str
    region: str
    cold: bool
    phone: str
    technicians: tuple[str, ...]
    customers: tuple[str, ...]

    @property
    def email(self) -> str:
        """An address that no mail server delivers to."""
        return f"service@{self.code}.example"

    def register_row(self) -> dict[str, str]:
        """As the register of service centres has it."""
        address = {"email": self.email, "phone": self.phone}
        return {"service_centre": self.code, "name": self.name, "region": self.region, "locale": "zh-CN", **address}


@dataclass(frozen=True, slots=True)
class Yard:
    """A yard with unsold machines."""

    code: str
    name: str
    region: str
    keeper: str

    @property
    def email(self) -> str:
        """An address that no mail server delivers to."""
        return f"{self.code}@yards.example"

    def register_row(self) -> dict[str, str]:
        """As the register of yards has it."""
        return {"yard": self.code, "name": self.name, "region": self.region, "locale": "zh-CN", "email": self.email}


CENTRES = {
    centre.code: centre
    for centre in (
        Centre(
            "harbin",
            "哈尔滨北方工程机械服务站",
            "23",
            cold=True,
            phone="0451-5550-1021",
            technicians=("赵铁军", "孙国强"),
            customers=("黑龙江省路桥建设三公司", "阿城玉泉采石场", "龙江农垦水利工程队"),
        ),
        Centre(
            "hohhot",
            "呼和浩特天骄机械服务站",
            "15",
            cold=True,
            phone="0471-5550-2230",
            technicians=("巴特尔", "刘建平"),
            customers=("准格尔旗煤炭储运公司", "内蒙古大青山路桥公司"),
        ),
        Centre(
            "jinan",
            "济南泉城工程机械服务站",
            "37",
            cold=True,
            phone="0531-5550-3318",
            technicians=("王海涛", "张立新"),
            customers=("山东鲁通路桥有限公司", "济南历城土石方公司", "章丘明水建材厂"),
        ),
        Centre(
            "zhengzhou",
            "郑州中原机械服务站",
            "41",
            cold=True,
            phone="0371-5550-4407",
            technicians=("李保国", "郭振华"),
            customers=("河南中州矿业有限公司", "郑州绕城高速养护处"),
        ),
        Centre(
            "chengdu",
            "成都天府机械服务站",
            "51",
            cold=False,
            phone="028-5550-5526",
            technicians=("陈志明", "何小川"),
            customers=("四川锦江市政工程公司", "龙泉驿砂石场"),
        ),
        Centre(
            "guangzhou",
            "广州南粤机械服务站",
            "44",
            cold=False,
            phone="020-5550-6615",
            technicians=("黄伟强", "梁永辉"),
            customers=("南沙港散货码头", "广东粤东公路工程公司", "Pearl Delta Quarry Ltd"),
        ),
    )
}

YARDS = {
    yard.code: yard
    for yard in (
        Yard("harbin-yard", "哈尔滨平房库", "23", "周淑芬"),
        Yard("jinan-yard", "济南郭店库", "37", "马长河"),
        Yard("chengdu-yard", "成都青白江库", "51", "唐素琴"),
        Yard("haikou-yard", "海口马村库", "46", "符永年"),
    )
}

MANAGERS = (
    {"name": "服务部 陆经理", "email": "lu@maker.example"},
    {"name": "Ms Novak", "email": "novak@maker.example", "locale": "en", "service_centres": ["guangzhou"]},
)
"""Managers as the configuration names them."""
